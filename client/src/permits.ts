/** Channels for which the server asks somebody. */
const GUARDED = /^(?:private|presence)-/
/** Subscribes that a server may have to ask somebody about, at once: it takes 16 by default. */
const MOST = 12

/** How many of them are under way at once. Whoever comes beyond that waits for its turn. */
export class Permits {
  #free = MOST
  readonly #waiting = new Set<() => void>()

  /**
   * Calls `begin`, for a public channel at once, for others when there is room.
   *
   * @returns to be called when it is done, or not wanted any more; calling it again does nothing
   */
  take(channel: string, begin: () => void): () => void {
    if (!GUARDED.test(channel)) {
      begin()
      return () => {}
    }
    let held = false
    const start = (): void => {
      held = true
      begin()
    }
    if (this.#free > 0) {
      this.#free--
      start()
    } else this.#waiting.add(start)
    let done = false
    return () => {
      if (done) return
      done = true
      if (held) this.#pass()
      else this.#waiting.delete(start)
    }
  }

  #pass(): void {
    const [next] = this.#waiting
    if (next) {
      this.#waiting.delete(next)
      next()
    } else this.#free++
  }
}
