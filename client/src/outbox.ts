import { FanfareClientError } from './errors.ts'

/** How much may wait. */
export interface QueueLimits {
  /** @defaultValue `100` */
  readonly messages: number
  /** Of all messages together, in UTF-8. @defaultValue `65_536` */
  readonly bytes: number
}

/** A message that waits. */
export interface Queued {
  /** `undefined`: nobody waits for an answer. */
  readonly id: number | undefined
  /** The channel whose subscription it waits for; `undefined` when a connection is enough. */
  readonly channel: string | undefined
  readonly text: string
}

/** Messages that cannot be sent yet, oldest first, within a bound. */
export class Outbox {
  readonly #limits: QueueLimits
  #queued: Queued[] = []
  #bytes = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** @throws FanfareClientError `queue-full`: it is not taken, and what waits stays */
  add(message: Queued): void {
    const { messages, bytes } = this.#limits
    const size = utf8Size(message.text)
    if (this.#queued.length >= messages || this.#bytes + size > bytes) {
      throw new FanfareClientError('queue-full', 'too much waits for the connection')
    }
    this.#queued.push(message)
    this.#bytes += size
  }

  has(id: number): boolean {
    return this.#queued.some((message) => message.id === id)
  }

  /** Takes out what matches, in order. */
  take(matches: (message: Queued) => boolean): Queued[] {
    const taken: Queued[] = []
    const kept: Queued[] = []
    for (const message of this.#queued) (matches(message) ? taken : kept).push(message)
    this.#queued = kept
    for (const { text } of taken) this.#bytes -= utf8Size(text)
    return taken
  }
}

function utf8Size(text: string): number {
  let size = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return size
}
