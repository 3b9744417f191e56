import type { Conn, Frame, Lane } from '../contract/conn.ts'
import type { Broadcast, Farewell, Protocol, RosterView, Unicast, WireData } from '../contract/protocol.ts'
import type { DropReason, OutboxLimits, SlowConsumerPolicy } from '../contract/slow-consumer.ts'
import type { Budgets, Holder } from '../ground/budget.ts'
import type { Cancel, Platform } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import type { Why } from '../ground/why.ts'
import { CountedBatch, type JointBatch } from './batches.ts'
import type { Cohort, Companion } from './cohort.ts'
import { allDrops, type Counters, type DropCounts, noDrops } from './counters.ts'
import { makeFrame } from './make-frame.ts'
import { Outbox } from './outbox.ts'
import type { Owed } from './owed.ts'
import type { Overflowing } from './overflow.ts'
import { queue } from './queue.ts'
import { type Reader, render } from './render.ts'
import { watchStalled } from './stall-watch.ts'
import { EAGER_BYTES, type Turn } from './turn.ts'

/** What all outlets of a hub share, and whom they tell. */
export interface OutletHost {
  readonly platform: Platform
  readonly turn: Turn
  readonly wheel: TimerWheel
  readonly counters: Counters
  readonly budgets: Budgets
  /** `writeTimeoutMs`: milliseconds without progress after which a full transport is given up; 0: never. */
  readonly limits: { readonly outbox: OutboxLimits; readonly writeTimeoutMs: number }
  /** A frame was not delivered. */
  dropped(outlet: Outlet, reason: DropReason, channel: string | undefined): void
  /** The client has to go. Called in the middle of an operation: only notes it. */
  evict(outlet: Outlet, why: Why): void
  /** The roster of a channel, if the client is subscribed to it and it has one. */
  rosterFor(outlet: Outlet, channel: string): RosterView | undefined
  /** A protocol, a policy function or a connection threw. */
  failed(outlet: Outlet, error: unknown, where: 'protocol' | 'policy' | 'conn'): void
}

/** The way out to one client: what it is owed this turn, and what waits for it while its transport is full. */
export class Outlet implements Companion, Overflowing, Reader, Holder {
  readonly id: string
  readonly conn: Conn
  readonly protocol: Protocol
  readonly scratch: unknown
  readonly host: OutletHost
  owed: Owed | null = null
  cohort: Cohort | null = null
  since = 0
  listed = false
  /** The transport said that it has no room; what comes waits in the outbox. */
  full = false
  #closed = false
  heldBytes = 0
  sentFrames = 0
  sentBytes = 0
  #dropCounts: Record<DropReason, number> | undefined
  #outbox: Outbox | undefined
  #unwatch: Cancel | undefined

  constructor(owner: Pick<Outlet, 'id' | 'conn' | 'protocol' | 'scratch'>, host: OutletHost) {
    this.id = owner.id
    this.conn = owner.conn
    this.protocol = owner.protocol
    this.scratch = owner.scratch
    this.host = host
  }

  /** Frames and bytes that wait in the outbox. */
  get queued(): { frames: number; bytes: number } {
    return { frames: this.#outbox?.frames ?? 0, bytes: this.#outbox?.bytes ?? 0 }
  }

  /** Frames this client did not get. */
  get drops(): number {
    return allDrops(this.dropCounts)
  }

  /** {@link drops} by reason. */
  get dropCounts(): DropCounts {
    return this.#dropCounts ?? noDrops()
  }

  get outbox(): Outbox {
    return (this.#outbox ??= new Outbox(this.host.limits.outbox, this.host.counters))
  }

  /** Owes a frame of a fan-out: the caller has counted it as accepted. */
  owe(frame: Frame, channel: string | undefined, policy: SlowConsumerPolicy): void {
    if (this.full) return this.#queue(frame, channel, policy)
    if (this.cohort) this.leaveCohort()
    const owed = (this.owed ?? this.host.turn.begin(this)).child(frame)
    this.owed = owed
    if (owed.bytes > EAGER_BYTES) this.flush()
  }

  /** Owes this client alone a frame, or drops it when the client is gone. */
  give(frame: Frame, channel: string | undefined, policy: SlowConsumerPolicy): void {
    this.host.counters.accepted++
    if (this.#closed) this.drop('closed', channel)
    else this.owe(frame, channel, policy)
  }

  /** Tells this client alone something, in its own protocol. */
  tell(event: Unicast, lane: Lane = 'control', channel?: string): void {
    for (const data of this.encode(event))
      this.give(makeFrame(this.host.platform, data, lane), channel, 'drop-newest')
  }

  /** What this client's protocol makes of an event for it alone. */
  encode(event: Unicast): readonly WireData[] {
    return this.#guarded(() => this.protocol.unicast(event, this.scratch)) ?? []
  }

  /** From now on a fresh roster is owed instead of single presence changes. Only while the transport is full. */
  oweRoster(channel: string): void {
    // A mark that stands already is of an earlier stay in the channel: what is said in between comes first.
    this.outbox.forgetRoster(channel)
    this.outbox.markRoster(channel)
  }

  forgetRoster(channel: string): void {
    this.#outbox?.forgetRoster(channel)
  }

  /** Messages of the channel are missing from here on. `count` 0: nobody knows how many. */
  gap(channel: string | undefined): void {
    if (this.protocol.traits.gap === 'frame') this.outbox.markGap(channel)
    else if (this.protocol.traits.gap === 'close') this.host.evict(this, 'gap')
  }

  drop(reason: DropReason, channel: string | undefined): void {
    const counts = (this.#dropCounts ??= noDrops())
    counts[reason]++
    this.host.counters.dropped[reason]++
    this.host.dropped(this, reason, channel)
  }

  leaveCohort(): void {
    const { cohort } = this
    if (!cohort) return
    if (cohort.length > this.since) this.owed = cohort.listOf(this)
    this.#goFrom(cohort)
  }

  /** The end of the turn, or earlier when a lot is owed. */
  flush(): void {
    const { cohort } = this
    const batch = cohort ? cohort.batchOf(this) : this.owed?.batch()
    if (cohort) this.#goFrom(cohort)
    this.owed = null
    if (!batch || batch.length === 0) return
    // Before the end of the turn nobody has counted the readers.
    batch.readers ||= 1
    this.#write(batch)
  }

  #goFrom(cohort: Cohort): void {
    this.cohort = null
    cohort.size--
    if (cohort.open) cohort.departures++
  }

  /** The transport has room again: what waits goes out first, as one batch. */
  writable(): void {
    if (!this.full || this.#closed) return
    this.#becomeRoomy()
    const frames = render(this.#outbox?.take() ?? [], this)
    if (frames.length > 0) this.#write(CountedBatch.of(frames))
    else this.#account()
  }

  /**
   * Says goodbye; then the transport is to be closed. With room, everything owed goes out before the last words; on a
   * full one only control frames do. Returns whether it was or became full, so that nobody should wait for it long.
   */
  end(farewell: Farewell): boolean {
    if (this.#closed) return this.full
    this.leaveCohort()
    const frames = this.full ? this.#lastControl() : (this.owed?.frames() ?? [])
    this.owed = null
    for (const data of farewell.frames) frames.push(this.newFrame(data, 'control'))
    if (frames.length > 0) this.#write(CountedBatch.of(frames))
    this.#stop()
    this.#account()
    return this.full
  }

  /** The transport is gone, and what it held. */
  release(): void {
    this.host.budgets.outbound.hold(this, 0)
  }

  /** What waits for the client: in its outbox, and in its transport. */
  measure(): number {
    return (this.#outbox?.heldBytes ?? 0) + this.conn.bufferedBytes
  }

  evict(): void {
    this.host.evict(this, 'slow')
  }

  #account(): void {
    this.host.budgets.outbound.hold(this, this.measure())
  }

  /** The transport is gone: nothing can be said any more. */
  abandon(): void {
    if (this.#closed) return
    this.leaveCohort()
    for (let left = this.owed?.length ?? 0; left > 0; left--) this.drop('closed', undefined)
    this.owed = null
    for (const slot of this.#outbox?.take() ?? []) {
      if (slot.kind === 'frame') this.drop('closed', slot.channel)
    }
    this.#stop()
  }

  #write(batch: CountedBatch | JointBatch): void {
    const { counters } = this.host
    counters.written += batch.length
    counters.writtenBytes += batch.bytes
    this.sentFrames += batch.length
    this.sentBytes += batch.bytes
    let room = true
    try {
      room = this.conn.write(batch)
    } catch (error) {
      this.host.failed(this, error, 'conn')
      this.host.evict(this, 'internal')
    }
    if (!room && !this.full && !this.#closed) this.#becomeFull()
    // Mostly the kernel has taken everything.
    if (this.heldBytes > 0 || this.conn.bufferedBytes > 0) this.#account()
  }

  #queue(frame: Frame, channel: string | undefined, policy: SlowConsumerPolicy): void {
    queue(this, frame, channel, policy)
    this.#account()
  }

  rosterFor(channel: string): RosterView | undefined {
    return this.host.rosterFor(this, channel)
  }

  newFrame(data: WireData, lane: Lane): Frame {
    this.host.counters.accepted++
    return makeFrame(this.host.platform, data, lane)
  }

  /** What this client's protocol makes of an event for many. */
  broadcast(event: Broadcast): WireData | undefined {
    return this.#guarded(() => this.protocol.broadcast(event))
  }

  #guarded<Result>(encode: () => Result): Result | undefined {
    try {
      return encode()
    } catch (error) {
      this.host.failed(this, error, 'protocol')
      return undefined
    }
  }

  #lastControl(): Frame[] {
    const frames: Frame[] = []
    for (const slot of this.#outbox?.take() ?? []) {
      if (slot.kind !== 'frame') continue
      if (slot.frame.lane === 'control') frames.push(slot.frame)
      else this.drop('closed', slot.channel)
    }
    return frames
  }

  #becomeFull(): void {
    this.full = true
    this.#unwatch = watchStalled(this.host, this.conn, () => this.host.evict(this, 'slow'))
  }

  #becomeRoomy(): void {
    this.full = false
    this.#unwatch?.()
    this.#unwatch = undefined
  }

  #stop(): void {
    this.#closed = true
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#outbox = undefined
  }
}
