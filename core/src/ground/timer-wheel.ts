import type { Cancel, Platform } from './platform.ts'

interface Entry {
  due: number
  callback: () => void
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
  readonly #buckets = new Map<number, Set<Entry>>()
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

  /** Calls back once, `ms` milliseconds from now or up to one tick later. */
  after(ms: number, callback: () => void): Cancel {
    const now = this.#platform.clock.monotonic()
    if (this.#size === 0) this.#reached = Math.floor(now / this.#tickMs)
    // The tick that was reached last is over: what is due at once is due at the next one.
    const due = Math.max(this.#reached + 1, Math.ceil((now + ms) / this.#tickMs))
    const entry: Entry = { due, callback }
    let bucket = this.#buckets.get(due)
    if (!bucket) this.#buckets.set(due, (bucket = new Set()))
    bucket.add(entry)
    this.#size++
    this.#arm()
    return () => this.#remove(entry)
  }

  #remove(entry: Entry): void {
    const bucket = this.#buckets.get(entry.due)
    if (!bucket?.delete(entry)) return
    this.#size--
    if (bucket.size === 0) this.#buckets.delete(entry.due)
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
      for (const entry of bucket) {
        this.#remove(entry)
        this.#call(entry.callback)
      }
    }
    if (this.#size > 0) this.#arm()
  }

  /** The buckets between the last tick and this one, oldest first; a callback may still remove entries from them. */
  *#dueBuckets(now: number): Generator<Set<Entry>> {
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

  #call(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#platform.reportError(error)
    }
  }
}
