import type { DropReason, Lane, OverflowAction } from '@fanfare/core'
import type { PolicyChoice, Setup } from './actions.ts'
import type { Dialect, Wire } from './dialects.ts'
import type { FlakyConn } from './flaky-conn.ts'
import {
  type Box,
  collapse,
  conflate,
  dropOldest,
  frameOf,
  framesOf,
  hasRoster,
  latest,
  load,
  markGap,
  type ModelFrame,
  push,
  replace,
} from './model-box.ts'
import type { Membership } from './model-channel.ts'
import type { ModelClock } from './model-clock.ts'
import type { Ask } from './model-gate.ts'

/** What a client needs of the model. */
export interface ClientHost {
  readonly clock: ModelClock
  readonly setup: Setup
  written: number
  owing: ModelClient[]
  dropped(client: ModelClient, channel: string | undefined, reason: DropReason): void
  evict(client: ModelClient, why: 'slow' | 'gap' | 'internal'): void
  failed(client: ModelClient, where: string): void
  decide(client: ModelClient, frame: ModelFrame, choice: PolicyChoice): OverflowAction
  /** The roster frame of a channel for a client in it. */
  freshRoster(client: ModelClient, channel: string): Wire | undefined
}

export interface Attempt {
  readonly channel: string
  readonly credentials: unknown
  /** It has to be asked about once more. */
  stale: boolean
  readonly waiters: { readonly ref: unknown; readonly ended: (outcome: string) => void }[]
  /** Stops what it waits for. */
  giveUp: () => void
}

const EAGER_BYTES = 262_144
const CONTROL = { frames: 64, bytes: 65_536 }

/** One client: what it is owed, what waits for it, what it lost. */
export class ModelClient {
  readonly id: string
  readonly dialect: Dialect
  readonly conn: FlakyConn
  readonly memberships = new Map<string, Membership>()
  readonly attempts = new Map<string, Attempt>()
  /** What the authorizer has not answered, whether or not the attempt still stands. */
  readonly asks = new Set<Ask>()
  readonly drops = { overflow: 0, conflated: 0, roster: 0, encode: 0, closed: 0 }
  connected = true
  /** The transport has said that it is gone. */
  transportGone = false
  full = false
  /** Nothing is written any more. */
  mute = false
  owed: ModelFrame[] = []
  box: Box = []
  handled = false
  kept: string[] = []
  readonly servers: ((outcome: string) => void)[] = []
  readonly #host: ClientHost
  #unwatch = (): void => {}

  constructor(id: string, dialect: Dialect, conn: FlakyConn, host: ClientHost) {
    this.id = id
    this.dialect = dialect
    this.conn = conn
    this.#host = host
  }

  give(frame: ModelFrame, policy: PolicyChoice = 'drop-newest'): void {
    if (this.mute) this.drop(frame.channel, 'closed')
    else if (this.full) this.#queue(frame, policy)
    else {
      if (this.owed.length === 0) this.#host.owing.push(this)
      this.#host.clock.turnWanted = true
      this.owed.push(frame)
      if (bytesOf(this.owed) > EAGER_BYTES) this.flush()
    }
  }

  /** Frames of its own, made by its dialect; none if that throws. */
  tell(make: () => Wire[], lane: Lane = 'control'): void {
    for (const data of this.#made(make) ?? []) this.give(frameOf(data, lane, undefined))
  }

  #made<T>(make: () => T): T | undefined {
    try {
      return make()
    } catch {
      this.#host.failed(this, 'protocol')
      return undefined
    }
  }

  message(event: string | undefined, data: Wire): Wire | undefined {
    return this.#made(() => this.dialect.message(undefined, event, data))
  }

  drop(channel: string | undefined, reason: DropReason): void {
    this.drops[reason]++
    this.#host.dropped(this, channel, reason)
  }

  flush(): void {
    const owed = this.owed
    this.owed = []
    if (owed.length > 0) this.#write(owed)
  }

  writable(): void {
    if (!this.full || this.mute) return
    this.full = false
    this.#unwatch()
    const box = this.box
    this.box = []
    const frames = box.flatMap((item): ModelFrame[] => {
      if (item.kind === 'frame') return [item.frame]
      const gap = item.kind === 'gap'
      const data = gap
        ? this.dialect.hole(item.channel, item.count, 'slow')
        : this.#host.freshRoster(this, item.channel)
      return data === undefined ? [] : [frameOf(data, gap ? 'control' : 'presence', item.channel)]
    })
    if (frames.length > 0) this.#write(frames)
  }

  /** Says what it can, and the last words. Returns whether the transport is too full to be waited for. */
  end(lastWords: readonly Wire[], code: number, reason: string): boolean {
    if (this.mute) return this.full
    const frames = this.full ? this.#lastControl() : this.owed
    this.owed = []
    frames.push(...lastWords.map((data) => frameOf(data, 'control', undefined)))
    if (frames.length > 0) this.#write(frames)
    this.#stop()
    this.conn.close(code, reason)
    return this.full
  }

  abandon(): void {
    if (this.mute) return
    for (const _frame of this.owed) this.drop(undefined, 'closed')
    for (const { channel } of framesOf(this.box)) this.drop(channel, 'closed')
    this.owed = []
    this.#stop()
  }

  #lastControl(): ModelFrame[] {
    const frames = framesOf(this.box)
    for (const { lane, channel } of frames) if (lane !== 'control') this.drop(channel, 'closed')
    return frames.filter(({ lane }) => lane === 'control')
  }

  #stop(): void {
    this.mute = true
    this.box = []
    this.#unwatch()
  }

  #write(frames: readonly ModelFrame[]): void {
    this.#host.written += frames.length
    let room = true
    try {
      room = this.conn.write({ frames, bytes: bytesOf(frames), readers: 1 })
    } catch {
      this.#host.failed(this, 'conn')
      this.#host.evict(this, 'internal')
    }
    if (room || this.full || this.mute) return
    this.full = true
    if (this.#host.setup.writeTimeoutMs > 0) this.#watch(this.conn.bufferedBytes, this.#host.clock.now)
  }

  #watch(bytes: number, since: number): void {
    const { clock, setup } = this.#host
    this.#unwatch = clock.after(Math.min(500, setup.writeTimeoutMs), () => {
      const left = this.conn.bufferedBytes
      if (left < bytes) this.#watch(left, clock.now)
      else if (clock.now - since < setup.writeTimeoutMs) this.#watch(left, since)
      else this.#host.evict(this, 'slow')
    })
  }

  #queue(frame: ModelFrame, policy: PolicyChoice): void {
    if (frame.lane === 'control') this.#queueControl(frame)
    else if (frame.lane === 'presence') this.#queuePresence(frame)
    else {
      if (!this.#fits(frame)) this.#collapse()
      if (this.#fits(frame)) this.box = push(this.box, frame)
      else this.#overflow(frame, this.#host.decide(this, frame, policy))
    }
  }

  #queueControl(frame: ModelFrame): void {
    const { frames, bytes } = load(this.box, true)
    if (frames < CONTROL.frames && bytes + frame.bytes <= CONTROL.bytes) this.box = push(this.box, frame)
    else {
      this.drop(frame.channel, 'overflow')
      this.#host.evict(this, 'slow')
    }
  }

  #queuePresence(frame: ModelFrame): void {
    const { channel } = frame
    if (channel === undefined) {
      if (this.#fits(frame)) this.box = push(this.box, frame)
      else this.drop(channel, 'overflow')
      return
    }
    if (!hasRoster(this.box, channel)) {
      if (this.#fits(frame)) {
        this.box = push(this.box, frame)
        return
      }
      this.#collapse()
      if (!hasRoster(this.box, channel)) this.box = [...this.box, { kind: 'roster', channel }]
    }
    this.drop(channel, 'roster')
  }

  #collapse(): void {
    const { box, dropped } = collapse(this.box, (channel) => this.memberships.has(channel))
    this.box = box
    for (const { channel } of dropped) this.drop(channel, 'roster')
  }

  #fits(frame: ModelFrame): boolean {
    const { frames, bytes } = load(this.box, false)
    const { setup } = this.#host
    return frames < setup.frames && bytes + frame.bytes + this.conn.bufferedBytes <= setup.bytes
  }

  #overflow(frame: ModelFrame, action: OverflowAction): void {
    if (action === 'drop-newest') this.#dropNewest(frame)
    else if (action === 'drop-oldest') this.#dropOldest(frame)
    else if (action === 'conflate') this.#conflate(frame)
    else {
      this.drop(frame.channel, 'overflow')
      this.#host.evict(this, 'slow')
    }
  }

  #dropNewest({ channel }: ModelFrame): void {
    if (this.dialect.gap === 'frame') this.box = markGap(this.box, channel)
    if (this.dialect.gap === 'close') this.#host.evict(this, 'gap')
    this.drop(channel, 'overflow')
  }

  #dropOldest(frame: ModelFrame): void {
    if (frame.bytes + this.conn.bufferedBytes > this.#host.setup.bytes) {
      this.#dropNewest(frame)
      return
    }
    while (!this.#fits(frame)) {
      const { box, dropped } = dropOldest(this.box, this.dialect.gap === 'frame')
      this.box = box
      if (!dropped) {
        this.#dropNewest(frame)
        return
      }
      if (this.dialect.gap === 'close') this.#host.evict(this, 'gap')
      this.drop(dropped.channel, 'overflow')
    }
    this.box = push(this.box, frame)
  }

  #conflate(frame: ModelFrame): void {
    const { setup } = this.#host
    const old = latest(this.box, frame)
    if (
      old &&
      load(this.box, false).bytes - old.bytes + frame.bytes + this.conn.bufferedBytes <= setup.bytes
    ) {
      this.box = replace(this.box, old, frame)
      this.drop(frame.channel, 'conflated')
      return
    }
    const { box, given } = conflate(this.box, frame.channel)
    this.box = box
    for (let left = given; left > 0; left--) this.drop(frame.channel, 'conflated')
    if (this.#fits(frame)) this.box = push(this.box, frame)
    else this.#dropNewest(frame)
  }
}

function bytesOf(frames: readonly ModelFrame[]): number {
  return frames.reduce((sum, { bytes }) => sum + bytes, 0)
}
