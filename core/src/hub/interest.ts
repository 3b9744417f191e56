import type { Relay } from '../contract/relay.ts'
import type { Cancel } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import type { ErrorEvent } from './events.ts'

/** What interest needs of its hub. */
export interface InterestHost {
  readonly wheel: TimerWheel
  report(event: ErrorEvent): void
  /** Messages of the channel may have been lost before they came here. */
  gap(channel: string): void
}

/** How long a subscribe waits for the relay before it is committed without it, and how long after a failed open. */
const OPEN_WAIT_MS = 2_000

/** What this node has with the relay about one channel. */
interface Line {
  /** Subscribers and attempts that hold it. */
  holders: number
  /** `true` once nothing is missed any more. */
  live: boolean
  /** Somebody was subscribed before it was live: they are owed a gap when it is. */
  degraded: boolean
  /** Called when it becomes live. */
  waiting: Set<() => void>
  retry: Cancel | undefined
}

/**
 * Keeps the relay open for the channels that somebody here holds: one `open` or `close` at a time per channel, and no
 * `close` while there is a holder.
 */
export class Interest {
  readonly #hub: InterestHost
  readonly #relay: Relay
  readonly #lines = new Map<string, Line>()
  /** The call under way per channel; it tells whether the relay may have the channel open after it. */
  readonly #calls = new Map<string, Promise<boolean>>()
  /** Channels whose open was called off while it ran. */
  readonly #cancelled = new Set<string>()
  #attached = true

  constructor(hub: InterestHost, relay: Relay) {
    this.#hub = hub
    this.#relay = relay
  }

  /** How many channels are held. */
  get size(): number {
    return this.#lines.size
  }

  /** One holder more. */
  hold(channel: string): void {
    const line = this.#lines.get(channel)
    if (line) {
      line.holders++
      return
    }
    this.#lines.set(channel, {
      holders: 1,
      live: false,
      degraded: false,
      waiting: new Set(),
      retry: undefined,
    })
    this.#sync(channel)
  }

  /** One holder less; without any, the relay is closed for the channel. */
  release(channel: string): void {
    const line = this.#lines.get(channel)
    if (!line || --line.holders > 0) return
    line.retry?.()
    this.#lines.delete(channel)
    this.#letGo(channel, line)
  }

  /** A subscriber is there already, before the relay could be asked. */
  degrade(channel: string): void {
    const line = this.#lines.get(channel)
    if (line && !line.live) line.degraded = true
  }

  /** Calls back when the channel is live, or after 2 s as degraded. Returns how to stop waiting. */
  whenReady(channel: string, callback: () => void): Cancel {
    const line = this.#lines.get(channel)
    if (!line || line.live || line.degraded) {
      callback()
      return () => {}
    }
    const done = (): void => {
      stop()
      callback()
    }
    const cancel = this.#hub.wheel.after(OPEN_WAIT_MS, () => {
      line.degraded = true
      done()
    })
    const stop = (): void => {
      cancel()
      line.waiting.delete(done)
    }
    line.waiting.add(done)
    return stop
  }

  /** Lets go of everything. Resolves when the relay has closed every channel. */
  async detach(): Promise<void> {
    this.#attached = false
    for (const [channel, line] of this.#lines) {
      line.retry?.()
      this.#lines.delete(channel)
      this.#letGo(channel, line)
      for (const callback of line.waiting) callback()
    }
    // An open that still runs is followed by a close.
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls.values())
  }

  #letGo(channel: string, { live }: Line): void {
    if (!live && this.#calls.has(channel) && this.#relay.cancel) {
      this.#cancelled.add(channel)
      this.#relay.cancel(channel)
    }
    this.#sync(channel)
  }

  /** Brings the relay to what is wanted now; when a call is under way, after it. */
  #sync(channel: string): void {
    if (this.#calls.has(channel)) return
    const line = this.#lines.get(channel)
    if (line?.live) return
    const call = line ? this.#open(channel) : this.#close(channel)
    this.#calls.set(channel, call)
    void call.then((maybeOpen) => {
      this.#calls.delete(channel)
      // What was wanted may have changed meanwhile: opened for nobody, or closed and wanted again.
      if (maybeOpen !== this.#lines.has(channel)) this.#sync(channel)
    })
  }

  async #open(channel: string): Promise<boolean> {
    try {
      await this.#relay.open(channel)
      if (!this.#cancelled.has(channel)) this.#becameLive(channel)
    } catch (error) {
      if (!this.#cancelled.has(channel)) this.#retryLater(channel, error)
    }
    // Called off, and perhaps too late: closed, whichever way it ended, and opened anew if it is wanted again.
    return this.#cancelled.delete(channel) ? this.#close(channel) : true
  }

  async #close(channel: string): Promise<boolean> {
    try {
      await this.#relay.close(channel)
    } catch (error) {
      this.#failed(channel, error)
    }
    return false
  }

  #retryLater(channel: string, error: unknown): void {
    this.#failed(channel, error)
    const line = this.#lines.get(channel)
    if (line) line.retry = this.#hub.wheel.after(OPEN_WAIT_MS, () => this.#sync(channel))
  }

  #becameLive(channel: string): void {
    const line = this.#lines.get(channel)
    if (!line || !this.#attached) return
    line.live = true
    if (line.degraded) this.#hub.gap(channel)
    for (const callback of line.waiting) callback()
  }

  #failed(channel: string, error: unknown): void {
    this.#hub.report({ error, where: 'relay', channel })
  }
}
