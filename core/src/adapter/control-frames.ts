import type { TimerWheel } from '../ground/timer-wheel.ts'

const SECOND_MS = 1_000

/**
 * How many pings and pongs each connection of an adapter has sent in this second. Whoever sends none is not in it: an idle
 * connection holds nothing.
 */
export class ControlFrames<Key> {
  readonly #wheel: TimerWheel
  readonly #most: number
  readonly #counts = new Map<Key, number>()
  #until = 0

  /** @param most - of one connection in a second: `maxControlFrames` of the gateway's limits */
  constructor(wheel: TimerWheel, most: number) {
    this.#wheel = wheel
    this.#most = most
  }

  /** Counts some. `false`: that were too many, and the connection is to be closed as `rate`. */
  count(key: Key, frames = 1): boolean {
    const { now } = this.#wheel
    if (now >= this.#until) {
      this.#counts.clear()
      this.#until = now + SECOND_MS
    }
    const sum = (this.#counts.get(key) ?? 0) + frames
    this.#counts.set(key, sum)
    return sum <= this.#most
  }

  /** The connection is over. */
  forget(key: Key): void {
    this.#counts.delete(key)
  }
}
