/**
 * One operation of the hub at a time. What is asked for while one runs (by a policy function, or by an adapter that
 * calls in from `write`), and what listeners are to be told of it, is done right after it, in order.
 */
export class Sequencer {
  #busy = false
  #draining = false
  #waiting: (() => void)[] = []

  /** No operation is under way. */
  get idle(): boolean {
    return !this.#busy
  }

  /** Begins an operation; `false` when one is under way: then {@link later} is the way. */
  begin(): boolean {
    if (this.#busy) return false
    this.#busy = true
    return true
  }

  /** Ends the operation that {@link begin} began, and does what was put off. */
  end(): void {
    this.#busy = false
    if (this.#waiting.length > 0 && !this.#draining) this.#drain()
  }

  /** Does `step` as one operation: now if none is under way, else after it. */
  run(step: () => void): void {
    if (!this.begin()) {
      this.#waiting.push(() => this.run(step))
      return
    }
    try {
      step()
    } finally {
      this.end()
    }
  }

  /** Puts something off until the operation under way has ended. `step` is no operation itself: it may call anything. */
  later(step: () => void): void {
    this.#waiting.push(step)
    if (!this.#busy && !this.#draining) this.#drain()
  }

  /** Does it now, as no operation itself; while one runs, after it. For what an application asks. */
  free(step: () => void): void {
    if (this.#busy) this.#waiting.push(step)
    else step()
  }

  /** Does it now when the hub is at rest, else later. For what an adapter reports. */
  settle(step: () => void): void {
    if (this.#busy || this.#draining) this.#waiting.push(step)
    else step()
  }

  #drain(): void {
    this.#draining = true
    let at = 0
    try {
      // What a step puts off itself lands behind what waits already.
      while (at < this.#waiting.length) this.#waiting[at++]?.()
    } finally {
      // No step is meant to throw. If one does, those behind it are not lost.
      this.#waiting = this.#waiting.slice(at)
      this.#draining = false
    }
  }
}
