import type { Wire } from './wire.ts'

/** Something that is to be sent. */
export interface Shipment {
  readonly sequence: number
  readonly subject: string
  readonly bytes: number
  /** Only until it is sent. */
  text: string | undefined
}

/**
 * What may be under way unanswered: enough for a bus that is far away and busy. What is handed to a client library is out of
 * our hands, and costs it a kilobyte or two each; what waits here costs its text, and is certainly not sent.
 */
const WINDOW = 512
const WINDOW_BYTES = 1_048_576

/** Hands shipments to the wire in their order, no more at a time than the window takes. */
export class Courier<Item extends Shipment> {
  readonly #answered: (item: Item, error?: unknown) => void
  readonly #waiting = new Map<number, Item>()
  #wire: Wire | undefined
  #flying = 0
  #flyingBytes = 0

  /** @param answered - called with each item whose fate the wire tells; without an error when the server has it */
  constructor(answered: (item: Item, error?: unknown) => void) {
    this.#answered = answered
  }

  add(item: Item): void {
    this.#waiting.set(item.sequence, item)
    this.#send()
  }

  /** It is not to be sent any more, if it was not. */
  remove({ sequence }: Item): void {
    this.#waiting.delete(sequence)
  }

  wireReady(wire: Wire): void {
    this.#wire = wire
    this.#flying = 0
    this.#flyingBytes = 0
    this.#send()
  }

  wireLost(): void {
    this.#wire = undefined
  }

  #send(): void {
    if (!this.#wire) return
    for (const item of this.#waiting.values()) {
      const room = this.#flying < WINDOW && this.#flyingBytes + item.bytes <= WINDOW_BYTES
      if (!room && this.#flying > 0) return
      this.#waiting.delete(item.sequence)
      this.#ship(this.#wire, item)
    }
  }

  #ship(wire: Wire, item: Item): void {
    const { text = '' } = item
    item.text = undefined
    this.#flying++
    this.#flyingBytes += item.bytes
    const landed = (error?: unknown): void => {
      this.#answered(item, error)
      // Those of a wire that is gone do not count any more.
      if (wire !== this.#wire) return
      this.#flying--
      this.#flyingBytes -= item.bytes
      this.#send()
    }
    wire.publish(item.subject, text).then(
      () => landed(),
      (error: unknown) => landed(error ?? new Error('refused without a reason')),
    )
  }
}
