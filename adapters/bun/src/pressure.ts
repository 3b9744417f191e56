import type { Gateway, Why } from '@fanfare/core'

/** A connection that may hold an unfinished message. */
export interface Suspect {
  /** It has said something whole, at some time. */
  readonly said: boolean
  /** It was asked for a sign of life and has given none: nobody can in the middle of a frame. */
  readonly silent: boolean
  /** Asks for a sign of life. */
  probe(): void
  cut(why: Why): void
}

const LOOK_MS = 25
/** Below this part of the memory that the process may use nobody is looked for. */
const CALM = 0.35
/** From this part on there is no time to lose. */
const TIGHT = 0.5
/** From this part on some of those who have said nothing have to go, silent or not. */
const FULL = 0.75
/** How long a sign of life may take; and when there is no time to lose, for those who have said something, and who have not. */
const ANSWER_MS = 2_000
const TIGHT_ANSWER_MS = 1_000
const STRANGER_ANSWER_MS = 75
const AGAIN_MS = 1_000
const NEWEST_EVERY_MS = 100

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
  /** When each was asked; `undefined` while nobody is looked for. */
  #asked: Map<Suspect, number> | undefined
  #newestAt = -Infinity

  /** @param taken - what the process takes, in bytes */
  constructor({ hub, limits }: Gateway, taken = (): number => process.memoryUsage.rss()) {
    this.#growth = hub.budgets.inbound.limit
    this.#memory = hub.platform.memoryLimit()
    this.#windowMs = limits.messageTimeoutMs
    this.#taken = taken
    // While the process stands still, answers arrive unread.
    this.#now = () => hub.wheel.now
  }

  add(suspect: Suspect): void {
    this.#suspects.add(suspect)
    this.#timer ??= setInterval(() => this.look(), LOOK_MS)
    if (this.#asked) this.#ask(suspect, this.#asked)
  }

  delete(suspect: Suspect): void {
    this.#suspects.delete(suspect)
    this.#asked?.delete(suspect)
    if (this.#suspects.size > 0) return
    clearInterval(this.#timer)
    this.#timer = this.#asked = undefined
    this.#least = this.#leastBefore = Infinity
  }

  look(): void {
    const [taken, now] = [this.#taken(), this.#now()]
    const part = taken / this.#memory
    if (this.#grown(taken, now) <= this.#growth || part < CALM) this.#asked = undefined
    else if (this.#asked) this.#relieve(this.#asked, part)
    else {
      const asked = (this.#asked = new Map<Suspect, number>())
      for (const suspect of this.#suspects) this.#ask(suspect, asked)
    }
  }

  #ask(suspect: Suspect, asked: Map<Suspect, number>): void {
    asked.set(suspect, this.#now())
    suspect.probe()
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

  #relieve(asked: Map<Suspect, number>, part: number): void {
    const now = this.#now()
    let gone = 0
    for (const [suspect, at] of [...asked]) {
      if (!suspect.silent) {
        if (now - at >= AGAIN_MS) this.#ask(suspect, asked)
      } else if (now - at >= patienceWith(suspect, part)) {
        asked.delete(suspect)
        suspect.cut('rate')
        gone++
      }
    }
    if (gone > 0 || part < FULL || now - this.#newestAt < NEWEST_EVERY_MS) return
    this.#newestAt = now
    this.#cutNewest()
  }

  /**
   * Whoever attacks came lately, and mostly has said nothing whole: a quarter of them. Never somebody who has, and answers: the
   * process may have grown for reasons of its own.
   */
  #cutNewest(): void {
    const strangers = [...this.#suspects].reverse().filter(({ said }) => !said)
    for (const suspect of strangers.slice(0, Math.ceil(strangers.length / 4))) suspect.cut('rate')
  }
}

function patienceWith({ said }: Suspect, part: number): number {
  if (part < TIGHT) return ANSWER_MS
  return said ? TIGHT_ANSWER_MS : STRANGER_ANSWER_MS
}
