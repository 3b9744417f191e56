import { AwakeTime } from './awake-time.ts'
import { type Alarm, Buckets } from './buckets.ts'
import type { Cancel, Platform } from './platform.ts'

export type { Alarm } from './buckets.ts'

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
 * One timer for everything that waits: write timeouts, authorizations, heartbeats, goodbyes, ends of grants. Ten thousand
 * clients cost ten thousand entries in a map of buckets, and one timer of the host, which runs only while somebody waits.
 *
 * A callback is called at the first tick after its time: never early, at most one tick (100 ms by default) late. Of what
 * waits for some time, the time in which the process stood still does not count: see {@link AwakeTime}. What waits for a
 * time of day is called when it comes, on a machine that was suspended too.
 */
export class TimerWheel {
  readonly #platform: Platform
  readonly #tickMs: number
  readonly #time: AwakeTime
  readonly #waiting = new Buckets()
  readonly #byTheDay = new Buckets()
  #cancel: Cancel | undefined

  /** @param tickMs - how often the wheel looks, in milliseconds. @defaultValue `100` */
  constructor(platform: Platform, tickMs = 100) {
    this.#platform = platform
    this.#tickMs = tickMs
    this.#time = new AwakeTime(platform.clock, tickMs)
  }

  /** How many callbacks wait. 0 when nothing holds the wheel. */
  get size(): number {
    return this.#waiting.size + this.#byTheDay.size
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

  /** Calls back once, at a time of day or up to one tick later: in milliseconds since 1970. */
  at(time: number, callback: () => void): Cancel {
    const alarm = new Callback(callback)
    this.#byTheDay.add(alarm, Math.ceil(time / this.#tickMs), this.#dayTick())
    this.#arm()
    return () => this.#stop(this.#byTheDay, alarm)
  }

  /** Has an alarm that does not wait already ring once, `ms` milliseconds from now or up to one tick later. */
  set(alarm: Alarm, ms: number): void {
    const { now } = this.#time
    this.#waiting.add(alarm, Math.ceil((now + ms) / this.#tickMs), Math.floor(now / this.#tickMs))
    this.#arm()
  }

  /** The alarm does not ring. Nothing happens when it does not wait. */
  stop(alarm: Alarm): void {
    this.#stop(this.#waiting, alarm)
  }

  #stop(buckets: Buckets, alarm: Alarm): void {
    if (buckets.remove(alarm) && this.size === 0) this.#disarm()
  }

  #dayTick(): number {
    return Math.floor(this.#platform.clock.now() / this.#tickMs)
  }

  /** Looks next at a whole tick: from anywhere else a callback could be almost two ticks late. */
  #arm(): void {
    if (this.#cancel) return
    const ms = Math.ceil(this.#tickMs - (this.#time.now % this.#tickMs))
    this.#time.planned(ms)
    this.#cancel = this.#platform.scheduler.after(ms, () => {
      this.#cancel = undefined
      this.#look()
      if (this.size > 0) this.#arm()
    })
  }

  #disarm(): void {
    this.#time.dismissed()
    this.#cancel?.()
    this.#cancel = undefined
  }

  #look(): void {
    if (this.#time.arrived()) this.#ringAll(this.#waiting, Math.floor(this.#time.now / this.#tickMs))
    this.#ringAll(this.#byTheDay, this.#dayTick())
  }

  #ringAll(buckets: Buckets, now: number): void {
    for (const alarm of buckets.due(now)) {
      // Like whoever stops the last one that waits.
      if (this.size === 0) this.#disarm()
      this.#ring(alarm)
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
