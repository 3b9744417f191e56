import type { Clock } from './platform.ts'

/** So many late looks in a row are taken for a pause; a process that is late all the time has to count its time. */
const MOST_LATE_IN_A_ROW = 16

/**
 * The time in which the process could hear what was sent to it. While it stands still (garbage is collected, a module is
 * imported, the machine is suspended) answers arrive unread, and a deadline that was judged by the time that passed would
 * be judged before them. So a look that comes late judges nothing: what it is late by does not count, and the next look comes
 * after input was read.
 */
export class AwakeTime {
  readonly #clock: Clock
  readonly #slackMs: number
  /** When the next look is due, by the clock. */
  #due: number | undefined
  #stoodStillMs = 0
  #lateInARow = 0

  /** @param slackMs - what a look may be late by, in milliseconds, and still counts as in time */
  constructor(clock: Clock, slackMs: number) {
    this.#clock = clock
    this.#slackMs = slackMs
  }

  /** In milliseconds since some moment. Never goes back. */
  get now(): number {
    const now = this.#clock.monotonic()
    const latest = this.#due === undefined ? now : Math.min(now, this.#due + this.#slackMs)
    return latest - this.#stoodStillMs
  }

  /** A look was arranged for `ms` milliseconds from now. */
  planned(ms: number): void {
    this.#due = this.#clock.monotonic() + ms
  }

  /** That look is not wanted any more. */
  dismissed(): void {
    this.#due = undefined
  }

  /** That look came. `false`: nothing may be judged yet, another one has to be arranged. */
  arrived(): boolean {
    const lateMs = this.#clock.monotonic() - (this.#due ?? 0) - this.#slackMs
    this.#due = undefined
    this.#lateInARow = lateMs > 0 ? this.#lateInARow + 1 : 0
    if (lateMs <= 0 || this.#lateInARow > MOST_LATE_IN_A_ROW) return true
    this.#stoodStillMs += lateMs
    return false
  }
}
