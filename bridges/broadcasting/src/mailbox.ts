import { FanfareError } from '@fanfare/core/contract'

import type { Event, Handler, Logger, SubscribeOptions } from './event.ts'

/** What a mailbox needs of its driver. */
export interface MailboxHost {
  /** Events that may wait for a handler whose promise is pending. */
  readonly buffer: number
  readonly logger: Logger
  /** One more event of some mailbox was dropped. */
  countDrop(): void
}

const HOLE = Symbol('hole')

/** The queue of one subscription: its handler gets one event after the other, and never holds up anybody else. */
export class Mailbox {
  readonly channel: string
  readonly #handler: Handler
  readonly #gap: () => void
  readonly #host: MailboxHost
  #waiting: (Event | typeof HOLE)[] = []
  #events = 0
  #busy = false
  #cancelled = false
  #dropped = 0

  constructor(host: MailboxHost, channel: string, handler: Handler, { gap }: SubscribeOptions = {}) {
    this.#host = host
    this.channel = channel
    this.#handler = handler
    this.#gap = gap ?? (() => {})
  }

  get dropped(): number {
    return this.#dropped
  }

  /** Hands the event to the handler, now if it is free. */
  deliver(event: Event): void {
    if (this.#cancelled) return
    if (!this.#busy) {
      this.#handle(event)
      this.#next()
    } else if (this.#events < this.#host.buffer) {
      this.#waiting.push(event)
      this.#events++
    } else this.#drop()
  }

  /** Events may be missing here. Told when its turn comes. */
  hole(): void {
    if (this.#cancelled) return
    if (!this.#busy) {
      this.#tell()
      this.#next()
    }
    // One notice is enough for two holes with nothing between them.
    else if (this.#waiting.at(-1) !== HOLE) this.#waiting.push(HOLE)
  }

  /** Nothing is handled any more. */
  cancel(): void {
    this.#cancelled = true
    this.#waiting = []
    this.#events = 0
  }

  #handle(event: Event): void {
    this.#busy = true
    try {
      const pending = this.#handler(event)
      if (isPromise(pending)) {
        pending.then(
          () => this.#resume(),
          (error: unknown) => {
            this.#failed(error)
            this.#resume()
          },
        )
        return
      }
    } catch (error) {
      this.#failed(error)
    }
    this.#busy = false
  }

  #resume(): void {
    this.#busy = false
    this.#next()
  }

  #next(): void {
    while (!this.#busy) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      if (next === HOLE) this.#tell()
      else {
        this.#events--
        this.#handle(next)
      }
    }
  }

  #tell(): void {
    // What comes while it is told comes after what waits.
    this.#busy = true
    try {
      this.#gap()
    } catch (error) {
      this.#failed(error)
    }
    this.#busy = false
  }

  #drop(): void {
    this.#dropped++
    this.#host.countDrop()
    this.hole()
    if (!isPowerOfTwo(this.#dropped)) return
    // At 1, 2, 4, 8, …: a flood of drops does not become a flood of lines.
    const error = new FanfareError('dropped', `more than ${String(this.#host.buffer)} events were waiting`)
    this.#host.logger('events were dropped: their handler is too slow', {
      channel: this.channel,
      count: this.#dropped,
      error,
    })
  }

  #failed(error: unknown): void {
    this.#host.logger('a handler failed', { channel: this.channel, error })
  }
}

function isPromise(value: unknown): value is Promise<void> {
  return typeof value === 'object' && value !== null && 'then' in value
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0
}
