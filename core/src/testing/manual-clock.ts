import type { Cancel, Clock, Scheduler } from '../ground/platform.ts'

interface Timer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

/** So many rounds in which no turn was asked for are taken for rest: room for a promise that awaits as many others. */
const ROUNDS_OF_REST = 100
/** How many rounds {@link ManualClock.settle} goes before it says that something never comes to rest. */
const MOST_ROUNDS = 1_000

/**
 * A clock and a scheduler that stand still until a test moves them. Nothing happens by itself: `turn()` ends a turn of
 * the event loop, `advance(ms)` lets time pass, `settle()` does what is due without any time passing.
 */
export class ManualClock implements Clock, Scheduler {
  #now: number
  readonly #start: number
  /** What the time of day is ahead by, since the machine was suspended. */
  #suspendedMs = 0
  #order = 0
  readonly #timers = new Set<Timer>()
  #turns: (() => void)[] = []

  /** @param startMs - the wall-clock time at the beginning, in milliseconds since 1970. @defaultValue `0` */
  constructor(startMs = 0) {
    this.#start = startMs
    this.#now = startMs
  }

  now(): number {
    return this.#now + this.#suspendedMs
  }

  monotonic(): number {
    return this.#now - this.#start
  }

  /** Timers that wait. 0 when nothing is left behind. */
  get timers(): number {
    return this.#timers.size
  }

  turn(callback?: () => void): void {
    if (callback) {
      this.#turns.push(callback)
      return
    }
    const turns = this.#turns
    this.#turns = []
    for (const end of turns) end()
  }

  after(ms: number, callback: () => void): Cancel {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets `ms` milliseconds pass: timers fire in their order, and after each the turn ends. */
  advance(ms: number): void {
    const until = this.#now + ms
    this.turn()
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      this.turn()
    }
    this.#now = until
  }

  /**
   * The process stands still for `ms` milliseconds, as when garbage is collected: then timers fire late, in their order,
   * and after each the turn ends.
   */
  block(ms: number): void {
    this.#now += ms
    this.advance(0)
  }

  /** The machine is suspended for `ms` milliseconds: the time of day goes on, and nothing else does. */
  suspend(ms: number): void {
    this.#suspendedMs += ms
  }

  /** Ends turns, and lets promises go on, until there is nothing left to do now. Time does not pass. */
  async settle(): Promise<void> {
    for (let idle = 0, round = 0; idle < ROUNDS_OF_REST; round++) {
      if (round > MOST_ROUNDS)
        throw new Error('settle: something asks for one turn after the other, for ever')
      idle = this.#turns.length > 0 ? 0 : idle + 1
      this.turn()
      await Promise.resolve()
    }
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at > until) continue
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }
}
