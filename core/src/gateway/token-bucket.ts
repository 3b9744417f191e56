/** So many per second on average, so many at once. */
export interface Rate {
  /** Per second; 0: no limit. */
  readonly rate: number
  /** How many may come at once after a pause. */
  readonly burst: number
}

/** A token bucket: it fills at `rate` tokens per second up to `burst`, and each event takes one. */
export class TokenBucket {
  readonly #limit: Rate
  #tokens: number
  #at: number

  /** @param now - monotonic time in milliseconds */
  constructor(limit: Rate, now: number) {
    this.#limit = limit
    this.#tokens = limit.burst
    this.#at = now
  }

  /** Takes a token. Returns 0, or in how many milliseconds there will be one. */
  take(now: number): number {
    const { rate } = this.#limit
    if (rate === 0) return 0
    this.#fill(now)
    if (this.#tokens >= 1) {
      this.#tokens--
      return 0
    }
    return Math.ceil(((1 - this.#tokens) / rate) * 1_000)
  }

  /** Whether it is as good as new, so that nothing is lost by forgetting it. */
  full(now: number): boolean {
    this.#fill(now)
    return this.#tokens >= this.#limit.burst
  }

  #fill(now: number): void {
    const { rate, burst } = this.#limit
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1_000) * rate)
    this.#at = now
  }
}
