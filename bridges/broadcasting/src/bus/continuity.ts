import type { Letter } from './envelope.ts'

/**
 * What a letter is, seen from those that came before it on the same channel. `contradiction`: it and what came before it cannot
 * both be from one sender, so one of them is forged; it begins anew. `implausible`: nobody sends so much in so short a time.
 */
export type Verdict = 'next' | 'after-hole' | 'stale' | 'overtaken' | 'contradiction' | 'implausible'

/** What came of an origin, on one channel. */
interface Seen {
  /** The first and the last letter that came, and when the first one did. */
  first: number
  last: number
  began: number
  /** What the last one says was before it, and what was the last one before it came. */
  previous: number
  before: number
  /** Of the last letter, and not further away than any that makes sense. */
  deadline: number
  /** When it came. */
  at: number
  /** The last of the letters in a row that came behind the last one, and how many there were. */
  behind: number
  row: number
}

/** So many origins are remembered per channel. One that is forgotten is believed the next time. */
const MAX_ORIGINS = 1_024
/** So many are remembered by a driver on all its channels: a forger may name a new one with each letter. */
const MAX_ORIGINS_IN_ALL = 65_536

/** No origin sends more letters than this in a millisecond. */
const MOST_PER_MS = 1_000
/** A wall clock may be set, so this is added to the time between two letters, in milliseconds. */
const ALLOWANCE_MS = 60_000
/** A deadline that is further away than this is taken for nearer, in milliseconds. */
const FARTHEST_MS = 65_000
/** So many letters, each of which names the one before it, are no duplicates: what they come behind was forged. */
const CONVINCING = 8

/** How many origins a driver remembers, on all its channels. */
export class Memory {
  held = 0

  /** Whether there is room for one more. */
  get room(): boolean {
    return this.held < MAX_ORIGINS_IN_ALL
  }
}

/**
 * Sees, on one channel, from the numbers that each origin gives its letters, which of them came already (a duplicate, or the
 * late echo of what was delivered here while the bus was down), and where some are missing. A letter with a forged number does
 * not silence the origin that it names: what contradicts it is believed again, after a gap.
 */
export class Continuity {
  readonly #seen = new Map<string, Seen>()
  readonly #memory: Memory
  readonly #own: string

  /** @param own - our own origin: letters of ours that come late are many, in order, and no proof of anything */
  constructor(memory: Memory, own: string) {
    this.#memory = memory
    this.#own = own
  }

  /**
   * @param now - by the wall clock, which counts the time in which this process did not run
   * @param toldAt - when a gap was told last: of what was published before that, nothing more has to be told
   */
  judge(letter: Letter, now: number, toldAt: number): Verdict {
    const seen = this.#seen.get(letter.origin)
    if (!seen) {
      this.#remember(letter.origin, anew(letter, now))
      return 'next'
    }
    if (letter.sequence > seen.last) return ahead(seen, letter, now)
    const verdict = letter.origin === this.#own ? early(seen, letter) : behind(seen, letter, now)
    if (verdict === 'contradiction') Object.assign(seen, anew(letter, now))
    // It was published before the first that came, and that one was here when the gap was told.
    return verdict === 'overtaken' && letter.sequence < seen.first && seen.began <= toldAt ? 'stale' : verdict
  }

  /** Nothing is remembered any more. */
  forget(): void {
    this.#memory.held -= this.#seen.size
    this.#seen.clear()
  }

  #remember(origin: string, seen: Seen): void {
    if (this.#seen.size >= MAX_ORIGINS || !this.#memory.room) this.#forgetQuietest()
    if (!this.#memory.room) return
    this.#memory.held++
    this.#seen.set(origin, seen)
  }

  /** Not the oldest: that is a node that has been here for long, while each letter of a forger may name a new one. */
  #forgetQuietest(): void {
    let quietest: string | undefined
    let since = Infinity
    for (const [origin, { at }] of this.#seen) {
      if (at >= since) continue
      quietest = origin
      since = at
    }
    if (quietest !== undefined && this.#seen.delete(quietest)) this.#memory.held--
  }
}

function anew({ sequence, previous, deadline }: Letter, now: number): Seen {
  const least = Math.min(deadline, now + FARTHEST_MS)
  return {
    first: sequence,
    last: sequence,
    began: now,
    previous,
    before: 0,
    deadline: least,
    at: now,
    behind: 0,
    row: 0,
  }
}

/** Every letter comes through here: nothing is made. */
function ahead(seen: Seen, { sequence, previous, deadline }: Letter, now: number): Verdict {
  const { last } = seen
  if (sequence - last > MOST_PER_MS * (Math.max(0, now - seen.at) + ALLOWANCE_MS)) return 'implausible'
  seen.before = last
  seen.last = sequence
  seen.previous = previous
  seen.deadline = Math.min(deadline, now + FARTHEST_MS)
  seen.at = now
  seen.behind = 0
  seen.row = 0
  return previous > last ? 'after-hole' : 'next'
}

/** What is missing between the first and the last was told of; what is before the first was not. */
function early(seen: Seen, { sequence }: Letter): Verdict {
  return sequence < seen.first ? 'overtaken' : 'stale'
}

function behind(seen: Seen, letter: Letter, now: number): Verdict {
  const { sequence, previous } = letter
  if (contradicts(seen, letter, now)) return 'contradiction'
  if (sequence < seen.first) return 'overtaken'
  // It continues what came before the last, which itself speaks of another one in between.
  const doubtful = previous > 0 && previous === seen.before && sequence !== seen.previous
  return doubtful && sequence !== seen.last ? 'overtaken' : 'stale'
}

/** Of two letters of one origin the one with the lower number was published before, and so has no later deadline. */
function contradicts(seen: Seen, { sequence, previous, deadline }: Letter, now: number): boolean {
  if (deadline > seen.deadline && deadline < now + FARTHEST_MS) return true
  if (sequence === seen.last) return false
  // Two letters cannot both be the one after a third.
  if (previous > 0 && previous === seen.before && previous === seen.previous) return true
  seen.row = previous === seen.behind ? seen.row + 1 : 1
  seen.behind = sequence
  return seen.row >= CONVINCING
}

/** So many channels are remembered by a sender. One that is forgotten begins anew: its next letter is believed as it is. */
const MAX_CHANNELS = 65_536

/** Numbers the letters of this origin. */
export class Sequence {
  readonly #lastOn = new Map<string, number>()
  #last = 0

  /** The number of the last letter that there is; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** What the next letter on a channel would be called. */
  next(channel: string): { readonly sequence: number; readonly previous: number } {
    return { sequence: this.#last + 1, previous: this.#lastOn.get(channel) ?? 0 }
  }

  /** It is called so. */
  take(channel: string, sequence: number): void {
    this.#last = sequence
    // Taken out and put back, so that the first in the map is the one unused for longest.
    this.#lastOn.delete(channel)
    this.#lastOn.set(channel, sequence)
    if (this.#lastOn.size > MAX_CHANNELS) this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const channel of this.#lastOn.keys()) {
      this.#lastOn.delete(channel)
      return
    }
  }
}
