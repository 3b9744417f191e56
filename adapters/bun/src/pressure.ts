import type { Gateway, Why } from '@fanfare/core'

/** A connection that may hold an unfinished message. */
export interface Suspect {
  /** It was asked for a sign of life and has given none: nobody can in the middle of a frame. */
  readonly silent: boolean
  /** Asks for a sign of life. */
  probe(): void
  cut(why: Why): void
}

const LOOK_MS = 50
/** Below this part of the memory that the process may use nobody is looked for. */
const CALM = 0.4
/** From this part on there is no time to lose. */
const TIGHT = 0.6
/** From this part on somebody has to go, silent or not. */
const FULL = 0.75
const ANSWER_MS = 2_000
const TIGHT_ANSWER_MS = 100

/**
 * Bun does not say what it keeps of unfinished messages. What can be seen is that the process grows: when it has grown by more
 * than the budget for what comes in, and takes a good part of its memory, everybody is asked for a sign of life, which nobody
 * can give in the middle of a frame. Those who give none go.
 */
export class Pressure {
  readonly #suspects = new Set<Suspect>()
  readonly #growth: number
  readonly #memory: number
  readonly #windowMs: number
  readonly #taken: () => number
  readonly #now: () => number
  #timer: ReturnType<typeof setInterval> | undefined
  /** The least that the process took in this window, and in the one before. */
  #least = Infinity
  #leastBefore = Infinity
  #windowEnd = 0
  #probedAt: number | undefined

  /** @param taken - what the process takes, in bytes */
  constructor({ hub, limits }: Gateway, taken = (): number => process.memoryUsage.rss()) {
    this.#growth = hub.budgets.inbound.limit
    this.#memory = hub.platform.memoryLimit()
    this.#windowMs = limits.messageTimeoutMs
    this.#taken = taken
    this.#now = () => hub.platform.clock.monotonic()
  }

  add(suspect: Suspect): void {
    this.#suspects.add(suspect)
    this.#timer ??= setInterval(() => this.look(), LOOK_MS)
  }

  delete(suspect: Suspect): void {
    this.#suspects.delete(suspect)
    if (this.#suspects.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#least = this.#leastBefore = Infinity
  }

  look(): void {
    const [taken, now] = [this.#taken(), this.#now()]
    const part = taken / this.#memory
    if (this.#grown(taken, now) <= this.#growth || part < CALM) this.#probedAt = undefined
    else if (this.#probedAt === undefined) {
      this.#probedAt = now
      for (const suspect of this.#suspects) suspect.probe()
    } else if (now - this.#probedAt >= (part >= TIGHT ? TIGHT_ANSWER_MS : ANSWER_MS)) {
      this.#probedAt = undefined
      this.#relieve(part >= FULL)
    }
  }

  /** By how much the process has grown lately. */
  #grown(taken: number, now: number): number {
    if (now >= this.#windowEnd) {
      this.#leastBefore = this.#least
      this.#least = taken
      this.#windowEnd = now + this.#windowMs
    }
    this.#least = Math.min(this.#least, taken)
    return taken - Math.min(this.#least, this.#leastBefore)
  }

  /** @param must - if nobody is silent, a quarter goes, the newest first: whoever attacks came lately */
  #relieve(must: boolean): void {
    const all = [...this.#suspects]
    const silent = all.filter((suspect) => suspect.silent)
    const going = silent.length > 0 || !must ? silent : all.slice(-Math.ceil(all.length / 4))
    for (const suspect of going) suspect.cut('rate')
  }
}
