/** Numbers that did not come: from the first to before the last. */
interface Hole {
  readonly from: number
  readonly to: number
  /** Whether the server said that something is missing just there, without knowing how much. */
  readonly announced: boolean
}

/** How a number came: in its turn, after one that follows it, again, or from before this listener was there. */
export type Arrival = 'next' | 'late' | 'again' | 'early'

/** What a listener missed of a stream, in the end. */
export interface Missing {
  /** Came, each counted once. */
  readonly received: number
  /** Did not come, although later ones did, or although the connection stood. */
  readonly missing: number
  /** Did not come where the server announced a hole of unknown size. */
  readonly announced: number
  /** Did not come before the connection was cut. */
  readonly cut: number
}

/** How a stream ended for a listener. */
export interface StreamEnd {
  /** One more than the last number that was sent. */
  readonly next: number
  /** Whether the connection was cut. */
  readonly cut: boolean
  /** Numbers of which it is not certain that they were sent: nobody need have got them. */
  readonly void: ReadonlySet<number>
}

/** The numbers of one stream as one listener gets them: finds what is missing, late or repeated. */
export class Sequence {
  readonly #first: number
  #next: number
  #received = 0
  #holes: Hole[] = []
  #announcedAt: number | undefined

  /** @param first - the first number that it has to get */
  constructor(first: number) {
    this.#first = first
    this.#next = first
  }

  /** Takes a number that came. */
  hear(seq: number): Arrival {
    if (seq < this.#first) return 'early'
    if (seq >= this.#next) {
      this.#leap(seq)
      return 'next'
    }
    const at = this.#holes.findLastIndex(({ from, to }) => from <= seq && seq < to)
    const hole = this.#holes[at]
    if (!hole) return 'again'
    const around: Hole[] = [
      { ...hole, to: seq },
      { ...hole, from: seq + 1 },
    ]
    this.#holes.splice(at, 1, ...around.filter(({ from, to }) => from < to))
    this.#received++
    return 'late'
  }

  /** The server says that something is missing here, and not how much. */
  announce(): void {
    this.#announcedAt = this.#next
  }

  /** Whether all has come. */
  complete({ next, void: unsure }: Omit<StreamEnd, 'cut'>): boolean {
    const holes = next > this.#next ? [...this.#holes, { from: this.#next, to: next }] : this.#holes
    return holes.every((hole) => sizeOf(hole, unsure) === 0)
  }

  /** What is missing when no more comes. */
  end({ next, cut, void: unsure }: StreamEnd): Missing {
    const sum = (holes: readonly Hole[]): number => holes.reduce((all, hole) => all + sizeOf(hole, unsure), 0)
    const announced = this.#announcedAt === this.#next
    const tail: Hole[] = next > this.#next ? [{ from: this.#next, to: next, announced }] : []
    const known = cut ? this.#holes : [...this.#holes, ...tail]
    return {
      received: this.#received,
      missing: sum(known.filter((hole) => !hole.announced)),
      announced: sum(known.filter((hole) => hole.announced)),
      cut: cut ? sum(tail) : 0,
    }
  }

  #leap(seq: number): void {
    const announced = this.#announcedAt === this.#next
    if (seq > this.#next) this.#holes.push({ from: this.#next, to: seq, announced })
    this.#next = seq + 1
    this.#received++
  }
}

/** How many of a hole were certainly sent. */
function sizeOf({ from, to }: Pick<Hole, 'from' | 'to'>, unsure: ReadonlySet<number>): number {
  let size = to - from
  if (unsure.size === 0) return size
  if (unsure.size < size) {
    for (const seq of unsure) if (from <= seq && seq < to) size--
    return size
  }
  for (let seq = from; seq < to; seq++) if (unsure.has(seq)) size--
  return size
}
