/** How much of a backlog is made up for, in milliseconds: more would be a burst that nobody asked for. */
const MOST_BEHIND_MS = 100

/** Says how many messages are due at a steady rate. What falls behind by more than 0.1 s is given up: the rate shows it. */
export class Schedule {
  readonly #perMs: number
  #origin: number

  /**
   * @param rate - per second
   * @param now - milliseconds of a clock that never goes back
   */
  constructor(rate: number, now: number) {
    this.#perMs = rate / 1_000
    this.#origin = now
  }

  /** How many are due now, of which so many are sent already. */
  due(now: number, sent: number): number {
    const behind = (now - this.#origin) * this.#perMs - sent
    const most = Math.max(1, MOST_BEHIND_MS * this.#perMs)
    if (behind > most) this.#origin += (behind - most) / this.#perMs
    return Math.max(0, Math.floor(Math.min(behind, most)))
  }
}
