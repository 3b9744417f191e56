import type { Cancel, Platform } from './platform.ts'

/** What waits in a {@link TimerWheel}: at most once at a time. Whoever is there anyhow can wait without an entry of its own. */
export interface Alarm {
  /** Kept by the wheel: the tick at which it rings. */
  due: number
  /** Its time has come. It no longer waits, and may be set again. */
  ring(): void
}

/** What waits for nobody but a callback. */
class Callback implements Alarm {
  due = 0
  readonly #callback: () => void

  constructor(callback: () => void) {
    this.#callback = callback
  }

  ring(): void {
    this.#callback()
  }
}

/**
 * One timer for everything that waits: write timeouts, authorizations, heartbeats, goodbyes. Ten thousand clients cost
 * ten thousand entries in a map of buckets, and one timer of the host, which runs only while somebody waits.
 *
 * A callback is called at the first tick after its time: never early, at most one tick (100 ms by default) late.
 */
export class TimerWheel {
  readonly #platform: Platform
  readonly #tickMs: number
  readonly #buckets = new Map<number, Set<Alarm>>()
  #size = 0
  #reached = 0
  #cancel: Cancel | undefined

  /** @param tickMs - how often the wheel looks, in milliseconds. @defaultValue `100` */
  constructor(platform: Platform, tickMs = 100) {
    this.#platform = platform
    this.#tickMs = tickMs
  }

  /** How many callbacks wait. 0 when nothing holds the wheel. */
  get size(): number {
    return this.#size
  }

  /** Its clock: milliseconds since some fixed moment. */
  get now(): number {
    return this.#platform.clock.monotonic()
  }

  /** Calls back once, `ms` milliseconds from now or up to one tick later. */
  after(ms: number, callback: () => void): Cancel {
    const alarm = new Callback(callback)
    this.set(alarm, ms)
    return () => this.stop(alarm)
  }

  /** Has an alarm that does not wait already ring once, `ms` milliseconds from now or up to one tick later. */
  set(alarm: Alarm, ms: number): void {
    const now = this.#platform.clock.monotonic()
    if (this.#size === 0) this.#reached = Math.floor(now / this.#tickMs)
    // The tick that was reached last is over: what is due at once is due at the next one.
    const due = Math.max(this.#reached + 1, Math.ceil((now + ms) / this.#tickMs))
    alarm.due = due
    let bucket = this.#buckets.get(due)
    if (!bucket) this.#buckets.set(due, (bucket = new Set()))
    bucket.add(alarm)
    this.#size++
    this.#arm()
  }

  /** The alarm does not ring. Nothing happens when it does not wait. */
  stop(alarm: Alarm): void {
    const bucket = this.#buckets.get(alarm.due)
    if (!bucket?.delete(alarm)) return
    this.#size--
    if (bucket.size === 0) this.#buckets.delete(alarm.due)
    if (this.#size === 0) this.#disarm()
  }

  /** Looks next at a whole tick: from anywhere else a callback could be almost two ticks late. */
  #arm(): void {
    if (this.#cancel) return
    const ms = this.#tickMs - (this.#platform.clock.monotonic() % this.#tickMs)
    this.#cancel = this.#platform.scheduler.after(Math.ceil(ms), () => {
      this.#cancel = undefined
      this.#turn()
    })
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #turn(): void {
    const now = Math.floor(this.#platform.clock.monotonic() / this.#tickMs)
    for (const bucket of this.#dueBuckets(now)) {
      for (const alarm of bucket) {
        this.stop(alarm)
        this.#ring(alarm)
      }
    }
    if (this.#size > 0) this.#arm()
  }

  /** The buckets between the last tick and this one, oldest first; an alarm may still stop others of them. */
  *#dueBuckets(now: number): Generator<Set<Alarm>> {
    // After a long pause of the process it is cheaper to look at every bucket than at every missed tick.
    if (now - this.#reached > this.#buckets.size) {
      this.#reached = now
      const due = [...this.#buckets.keys()].filter((tick) => tick <= now)
      for (const tick of due.sort((a, b) => a - b)) yield this.#buckets.get(tick) ?? new Set()
      return
    }
    while (this.#reached < now) {
      this.#reached++
      const bucket = this.#buckets.get(this.#reached)
      if (bucket) yield bucket
    }
  }

  #ring(alarm: Alarm): void {
    try {
      alarm.ring()
    } catch (error) {
      this.#platform.reportError(error)
    }
  }
}
