import type { Counters } from './counters.ts'
import { type Frame, type Framing, Splitter } from './frames.ts'

/** What is done to messages on their way down. */
export interface Disturbance {
  /** How likely a message is to come twice, 0 to 1. */
  readonly duplicate: number
  /** How likely a message is to change places with the next one, 0 to 1. */
  readonly reorder: number
  readonly random: () => number
}

/** Doubles and swaps the messages of one stream; everything else keeps its place. */
export class Mischief {
  readonly #splitter: Splitter
  readonly #counters: Counters
  /** A message that comes after the next one. */
  #late: Buffer | undefined

  constructor(framing: Framing, counters: Counters) {
    this.#splitter = new Splitter(framing)
    this.#counters = counters
  }

  /** What to send instead of `chunk`. It has to see every byte, disturbed or not, to know where messages begin. */
  pass(chunk: Buffer, disturbance: Disturbance | undefined): Buffer {
    const out: Buffer[] = []
    for (const frame of this.#splitter.push(chunk)) out.push(...this.#pass(frame, disturbance))
    return Buffer.concat(out)
  }

  /** What is still to be sent when nothing is disturbed any more. */
  late(): Buffer {
    const late = this.#late ?? Buffer.alloc(0)
    this.#late = undefined
    return late
  }

  /** What is still to be sent when the stream ends. */
  end(): Buffer {
    return Buffer.concat([this.late(), this.#splitter.rest()])
  }

  #pass({ bytes, message }: Frame, disturbance: Disturbance | undefined): Buffer[] {
    if (!message) return [bytes]
    if (!disturbance) return [this.late(), bytes]
    const doubled = disturbance.random() < disturbance.duplicate
    if (doubled) this.#counters.duplicated++
    const out = doubled ? [bytes, bytes] : [bytes]
    if (this.#late) return [...out, this.late()]
    if (disturbance.random() >= disturbance.reorder) return out
    this.#counters.reordered++
    this.#late = Buffer.concat(out)
    return []
  }
}
