const TICK_MS = 100

interface Timer {
  readonly due: number
  /** For a time of day: those come behind the others of their tick. */
  readonly ofDay: boolean
  readonly callback: () => void
}

/**
 * When things happen in the model. One operation at a time: what is asked for while one runs is done after it, in order.
 * Time goes in ticks; promises go on, and turns end, when they are told to.
 */
export class ModelClock {
  now = 0
  timers: Timer[] = []
  /** Whether the end of the turn has something to do. */
  turnWanted = false
  #busy = false
  #draining = false
  readonly #waiting: (() => void)[] = []
  readonly #promises: { readonly at: number; readonly step: () => void }[] = []
  /** How many promises went on one after the other since all of them were last at rest. */
  #hops = 0

  /** Does an operation, now or after the one that runs. */
  operation(step: () => void): void {
    if (this.#busy) {
      this.#waiting.push(() => this.operation(step))
      return
    }
    this.#busy = true
    step()
    this.#busy = false
    this.#drain()
  }

  /** What the application asks: now, or after the operation that runs. */
  asked(step: () => void): void {
    if (this.#busy) this.#waiting.push(step)
    else step()
  }

  /** Does what is no operation itself, such as calling a listener, after the operation that runs. */
  afterwards(step: () => void): void {
    this.#waiting.push(step)
    this.#drain()
  }

  /** What a connection reports: now if everything is at rest, else when its turn comes. */
  reported(step: () => void): void {
    if (this.#busy || this.#draining) this.#waiting.push(step)
    else step()
  }

  /** What happens when a promise goes on; when others wait for each other before that, after `hops` of them. */
  promised(step: () => void, hops = 1): void {
    const at = this.#hops + hops
    const behind = this.#promises.findIndex((other) => other.at > at)
    this.#promises.splice(behind < 0 ? this.#promises.length : behind, 0, { at, step })
  }

  goOn(): void {
    for (let next = this.#promises.shift(); next; next = this.#promises.shift()) {
      this.#hops = next.at
      next.step()
    }
    this.#hops = 0
  }

  /** At a time of day. */
  at(time: number, callback: () => void): () => void {
    return this.after(time - this.now, callback, true)
  }

  after(ms: number, callback: () => void, ofDay = false): () => void {
    const timer = { due: Math.ceil((this.now + ms) / TICK_MS) * TICK_MS, ofDay, callback }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  tick(): void {
    this.now += TICK_MS
    const due = this.timers.filter((timer) => timer.due === this.now)
    for (const timer of [...due.filter(({ ofDay }) => !ofDay), ...due.filter(({ ofDay }) => ofDay)]) {
      if (!this.timers.includes(timer)) continue
      this.timers = this.timers.filter((other) => other !== timer)
      timer.callback()
    }
  }

  #drain(): void {
    if (this.#busy || this.#draining) return
    this.#draining = true
    for (let step = this.#waiting.shift(); step; step = this.#waiting.shift()) step()
    this.#draining = false
  }
}
