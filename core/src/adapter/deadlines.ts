import type { Alarm, TimerWheel } from '../ground/timer-wheel.ts'

/** One thing that is waited for. */
interface Deadline<Key> {
  /** By the clock of the wheel. */
  readonly until: number
  readonly missed: (key: Key) => void
}

/**
 * Things that have to happen in time. Each is waited for by itself; all can be called off together.
 *
 * All have the same time, so the one that began first is due first, and one alarm is enough: in a crowd that comes at once
 * nearly every connection is met long before.
 */
export class Deadlines<Key> {
  readonly #wheel: TimerWheel
  readonly #ms: number
  /** In the order in which they are due. */
  readonly #waiting = new Map<Key, Deadline<Key>>()
  readonly #alarm: Alarm = { due: 0, ring: () => this.#ring() }
  #armed = false

  constructor(wheel: TimerWheel, ms: number) {
    this.#wheel = wheel
    this.#ms = ms
  }

  /** How many are waited for. */
  get size(): number {
    return this.#waiting.size
  }

  /** Waits anew. Calls `missed` with the key unless {@link met} comes before. */
  start(key: Key, missed: (key: Key) => void): void {
    this.#waiting.delete(key)
    this.#waiting.set(key, { until: this.#wheel.now + this.#ms, missed })
    if (!this.#armed) this.#arm(this.#ms)
  }

  /** What was waited for came. `false`: nobody waits for it, or no longer. */
  met(key: Key): boolean {
    if (!this.#waiting.delete(key)) return false
    if (this.#waiting.size === 0) this.#disarm()
    return true
  }

  /** Gives up the one that is waited for the longest, as if its time were over. */
  giveUpFirst(): void {
    const [first] = this.#waiting
    if (!first) return
    const [key, { missed }] = first
    this.met(key)
    missed(key)
  }

  /** Calls all of them off. Returns what was waited for. */
  clear(): Key[] {
    const keys = [...this.#waiting.keys()]
    for (const key of keys) this.met(key)
    return keys
  }

  #arm(ms: number): void {
    this.#armed = true
    this.#wheel.set(this.#alarm, ms)
  }

  #disarm(): void {
    if (this.#armed) this.#wheel.stop(this.#alarm)
    this.#armed = false
  }

  /** Whoever is told may start others, call others off, and throw: then those behind are told at the next tick. */
  #ring(): void {
    const { now } = this.#wheel
    try {
      for (const [key, { until, missed }] of this.#waiting) {
        if (until > now) break
        this.#waiting.delete(key)
        missed(key)
      }
    } finally {
      // For whoever was started meanwhile it may have been set already.
      this.#disarm()
      const [next] = this.#waiting.values()
      if (next) this.#arm(Math.max(0, next.until - now))
    }
  }
}
