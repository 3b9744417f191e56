import type { Budget, Holder, Why } from '@fanfare/core'

import type { FrameScan } from './frame-scan.ts'

/** What a chunk takes beside its bytes, and a piece of a message too: the objects that stand for them. */
const OBJECT_BYTES = 512
/** How much larger deflate can make something, at most. */
const MOST_INFLATED = 1_032

/** A connection whose peer says something. */
export interface Speaker {
  /** One of the two sides said that it goes, or the connection broke. */
  readonly over: boolean
  /** It negotiated compression: what it says is delivered later than it comes. */
  readonly deflates: boolean
  /** Ends it, and frees what its peer has begun to say. */
  cut(why: Why): void
}

/**
 * What a peer has begun to say and has not finished, and what it has finished and `ws` has not inflated yet. All chunks count
 * from the one in which the message began: each of them is kept whole as long as a byte of it is.
 */
export class Unfinished implements Holder {
  heldBytes = 0
  readonly scan: FrameScan
  readonly #budget: Budget
  readonly #maxMessageBytes: number
  readonly #speaker: Speaker
  /** Since the message at hand began. */
  #bytes = 0
  /** Whole messages that are not delivered, and their chunks. Below 0 are those delivered before they were counted. */
  #waiting = 0
  #waitingBytes = 0

  constructor(speaker: Speaker, scan: FrameScan, budget: Budget, maxMessageBytes: number) {
    this.#speaker = speaker
    this.scan = scan
    this.#budget = budget
    this.#maxMessageBytes = maxMessageBytes
  }

  /** Whether there is the beginning of a message. */
  get begun(): boolean {
    return this.#bytes > 0
  }

  evict(): void {
    this.#speaker.cut('rate')
  }

  /** A chunk of so many bytes was scanned. */
  came(bytes: number): void {
    const { finished, atRest } = this.scan
    const size = bytes + OBJECT_BYTES
    if (finished > 0) {
      if (this.#speaker.deflates) {
        this.#waiting += finished
        this.#waitingBytes += this.#bytes + size
      }
      this.#bytes = 0
    }
    this.#bytes = atRest ? 0 : this.#bytes + size
    this.#settle()
  }

  /** A message was delivered. */
  delivered(): void {
    this.#waiting--
    this.#settle()
  }

  /** The connection is over. */
  end(): void {
    this.#budget.hold(this, 0)
  }

  #settle(): void {
    if (this.#waiting <= 0) this.#waitingBytes = 0
    const { fragments, inflated } = this.scan
    const inflatedBytes = Math.min(inflated * MOST_INFLATED, this.#maxMessageBytes)
    const begun = this.#bytes === 0 ? 0 : this.#bytes + fragments * OBJECT_BYTES + inflatedBytes
    this.#budget.hold(this, begun + this.#waitingBytes)
  }
}
