/** How many remarks somebody may make at once, and how long it takes until one more is allowed. */
const BURST = 8
const REFILL_MS = 500

/** Keeps one client from filling a room: a bucket of tokens, of which each remark takes one. */
export class Pace {
  #tokens = BURST
  #filledAt: number

  /** @param now - milliseconds of a clock that never goes back */
  constructor(now: number) {
    this.#filledAt = now
  }

  /** Takes a token. `false`: there is none; too fast. */
  take(now: number): boolean {
    const gained = Math.floor((now - this.#filledAt) / REFILL_MS)
    this.#tokens = Math.min(BURST, this.#tokens + gained)
    this.#filledAt += gained * REFILL_MS
    if (this.#tokens === 0) return false
    this.#tokens--
    return true
  }
}
