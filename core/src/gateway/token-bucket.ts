/** So many per second on average, so many at once. */
export interface Rate {
  /** Per second; 0: no limit. */
  readonly rate: number
  /** How many may come at once after a pause. */
  readonly burst: number
}

/** How many tokens there are after so many milliseconds. */
export function filled({ rate, burst }: Rate, tokens: number, passedMs: number): number {
  return Math.min(burst, tokens + (passedMs / 1_000) * rate)
}

/** 0 when there is a token to take, or else in how many milliseconds there will be one. */
export function msUntilToken({ rate }: Rate, tokens: number): number {
  return rate === 0 || tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / rate) * 1_000)
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
    const afterMs = this.waitMs(now)
    if (afterMs === 0) this.#tokens--
    return afterMs
  }

  /** 0 when there is a token, or else in how many milliseconds there will be one. Takes none. */
  waitMs(now: number): number {
    this.#fill(now)
    return msUntilToken(this.#limit, this.#tokens)
  }

  #fill(now: number): void {
    this.#tokens = filled(this.#limit, this.#tokens, now - this.#at)
    this.#at = now
  }
}
