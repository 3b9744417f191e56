import type { Letter } from './envelope.ts'

/** What a letter is, seen from those that came before it on the same channel. */
export type Verdict = 'next' | 'after-hole' | 'stale' | 'overtaken'

/** The first and the last letter of an origin that came. */
interface Seen {
  readonly first: number
  last: number
}

/** So many origins are remembered per channel. One that is forgotten is believed the next time. */
const MAX_ORIGINS = 1_024

/**
 * Sees, on one channel, from the numbers that each origin gives its letters, which of them came already (a duplicate, or the
 * late echo of what was delivered here while the bus was down), and where some are missing.
 */
export class Continuity {
  readonly #seen = new Map<string, Seen>()

  judge({ origin, sequence, previous }: Letter): Verdict {
    const seen = this.#seen.get(origin)
    if (!seen) {
      if (this.#seen.size >= MAX_ORIGINS) this.#forgetOldest()
      this.#seen.set(origin, { first: sequence, last: sequence })
      return 'next'
    }
    // What is missing between the first and the last was told of; what is before the first was not.
    if (sequence <= seen.last) return sequence < seen.first ? 'overtaken' : 'stale'
    const hole = previous > seen.last
    seen.last = sequence
    return hole ? 'after-hole' : 'next'
  }

  #forgetOldest(): void {
    for (const origin of this.#seen.keys()) {
      this.#seen.delete(origin)
      return
    }
  }
}

/** So many channels are remembered by a sender. One that is forgotten begins anew: its next letter is believed as it is. */
const MAX_CHANNELS = 65_536

/** Numbers the letters of this origin. */
export class Sequence {
  readonly #lastOn = new Map<string, number>()
  #last = 0

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
