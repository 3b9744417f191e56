import type { Cancel, Platform } from './platform.ts'
import { AwakeTime, type WheelTime } from './wheel-time.ts'

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
 * A callback is called at the first tick after its time: never early, at most one tick (100 ms by default) late. Time in
 * which the process stood still does not count: see {@link AwakeTime}.
 */
export class TimerWheel {
  readonly #platform: Platform
  readonly #tickMs: number
  readonly #time: WheelTime
  readonly #buckets = new Map<number, Set<Alarm>>()
  #size = 0
  #reached = 0
  #cancel: Cancel | undefined

  /**
   * @param tickMs - how often the wheel looks, in milliseconds. @defaultValue `100`
   * @param time - what it goes by. @defaultValue the time in which the process did not stand still
   */
  constructor(platform: Platform, tickMs = 100, time: WheelTime = new AwakeTime(platform.clock, tickMs)) {
    this.#platform = platform
    this.#tickMs = tickMs
    this.#time = time
  }

  /** How many callbacks wait. 0 when nothing holds the wheel. */
  get size(): number {
    return this.#size
  }

  /** By its own time, in milliseconds: what waits for long is measured by this, and by no other clock. */
  get now(): number {
    return this.#time.now
  }

  /** Calls back once, `ms` milliseconds from now or up to one tick later. */
  after(ms: number, callback: () => void): Cancel {
    const alarm = new Callback(callback)
    this.set(alarm, ms)
    return () => this.stop(alarm)
  }

  /** Has an alarm that does not wait already ring once, `ms` milliseconds from now or up to one tick later. */
  set(alarm: Alarm, ms: number): void {
    const { now } = this.#time
    const tick = Math.floor(now / this.#tickMs)
    // The time of day may have been set back.
    if (this.#size === 0 || tick < this.#reached) this.#reached = tick
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
    const ms = Math.ceil(this.#tickMs - (this.#time.now % this.#tickMs))
    this.#time.planned(ms)
    this.#cancel = this.#platform.scheduler.after(ms, () => {
      this.#cancel = undefined
      if (this.#time.arrived()) this.#turn()
      else this.#arm()
    })
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #turn(): void {
    const now = Math.floor(this.#time.now / this.#tickMs)
    // The time of day may have been set back.
    this.#reached = Math.min(this.#reached, now)
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
