import type { Cancel, Platform } from '@fanfare/core/contract'

/** Does something for each name some time after it was let go, unless it is wanted again before. One timer for all. */
export class Linger {
  readonly #platform: Platform
  readonly #ms: number
  readonly #release: (name: string) => void
  /** When each is due; since all linger equally long, in this order. */
  readonly #due = new Map<string, number>()
  #timer: Cancel | undefined

  constructor(platform: Platform, ms: number, release: (name: string) => void) {
    this.#platform = platform
    this.#ms = ms
    this.#release = release
  }

  letGo(name: string): void {
    const at = this.#platform.clock.monotonic() + this.#ms
    this.#due.delete(name)
    this.#due.set(name, at)
    if (!this.#timer) this.#wakeAt(at)
  }

  keep(name: string): void {
    this.#due.delete(name)
  }

  /** Releases all of them now. */
  end(): void {
    this.#timer?.()
    this.#timer = undefined
    for (const name of [...this.#due.keys()]) this.#release(name)
    this.#due.clear()
  }

  #wakeAt(at: number): void {
    const { clock, scheduler } = this.#platform
    this.#timer = scheduler.after(Math.max(0, at - clock.monotonic()), () => this.#wake())
  }

  #wake(): void {
    this.#timer = undefined
    const now = this.#platform.clock.monotonic()
    for (const [name, at] of this.#due) {
      if (at > now) {
        this.#wakeAt(at)
        return
      }
      this.#due.delete(name)
      this.#release(name)
    }
  }
}
