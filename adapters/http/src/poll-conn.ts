import type { Batch, Session, TimerWheel } from '@fanfare/core'

import type { Ending } from './ending.ts'
import type { HttpConn } from './seat.ts'
import type { Wire } from './wire.ts'

/** With so many bytes waiting for a poll, or for its acknowledgement, what follows has to wait. */
const HIGH_WATER_BYTES = 262_144
/** How long the last answer may wait for its poll. */
const CLOSE_TIMEOUT_MS = 5_000

/** What a connection by polls works with. */
export interface PollOptions {
  readonly wire: Wire
  readonly wheel: TimerWheel
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** How long an answer waits for more after the first message. */
  readonly pollTimeMs: number
  /** How long a poll waits for a message. */
  readonly waitMs: number
  /** How long there may be no poll. */
  readonly sessionTimeoutMs: number
}

/** Something that waits for a poll, or for the acknowledgement of one. */
interface Waiting {
  readonly item: string
  readonly bytes: number
}

/** A client that polls, as the hub sees it. */
export class PollConn implements HttpConn {
  readonly #options: PollOptions
  #queue: Waiting[] = []
  #bytes = 0
  /** The number of the last answer with something in it. */
  #answer = 0
  /** How much of the queue that answer held: forgotten when it is acknowledged. */
  #unacknowledged = 0
  /** When the answer to what waits is due, at the latest. */
  #due = Infinity
  /** Answers the poll that waits. */
  #poll: ((body: string) => void) | undefined
  #cancelPoll: (() => void) | undefined
  #cancelTimeout: () => void
  #full = false
  #ending: Ending | undefined
  #over = false
  #session: Session | undefined
  #gone: () => void = () => {}

  constructor(options: PollOptions) {
    this.#options = options
    this.#cancelTimeout = options.wheel.after(options.sessionTimeoutMs, () => this.#timedOut())
  }

  attach(session: Session, gone: () => void): void {
    this.#session = session
    this.#gone = gone
    if (this.#over) gone()
  }

  get bufferedBytes(): number {
    return this.#bytes
  }

  write(batch: Batch): boolean {
    if (this.#ending || this.#over) return true
    const { wire, now, pollTimeMs } = this.#options
    for (const frame of batch.frames) {
      this.#queue.push({ item: wire.of(frame), bytes: frame.bytes })
      this.#bytes += frame.bytes
      // Who asked something waits for the answer.
      const due = now() + (frame.lane === 'control' ? 0 : pollTimeMs)
      if (due < this.#due) this.#due = due
    }
    if (this.#poll) this.#arm()
    this.#full = this.#bytes >= HIGH_WATER_BYTES
    return !this.#full
  }

  close(code: number, reason: string): void {
    if (this.#ending || this.#over) return
    this.#ending = { code, reason }
    this.#due = 0
    this.#cancelTimeout()
    const { wheel, sessionTimeoutMs } = this.#options
    this.#cancelTimeout = wheel.after(Math.min(CLOSE_TIMEOUT_MS, sessionTimeoutMs), () => this.terminate())
    if (this.#poll) this.#respond()
  }

  terminate(): void {
    this.leave({ code: 1006, reason: '' })
  }

  leave({ code, reason }: Ending): void {
    if (this.#over) return
    this.#over = true
    this.#cancelTimeout()
    this.#queue = []
    this.#bytes = 0
    this.#settle('{"messages":[]}')
    this.#session?.closed(code, reason)
    this.#gone()
  }

  seen(): void {
    if (this.#poll || this.#ending || this.#over) return
    this.#cancelTimeout()
    this.#cancelTimeout = this.#options.wheel.after(this.#options.sessionTimeoutMs, () => this.#timedOut())
  }

  /**
   * Waits for messages. A poll that waits already is answered with nothing.
   *
   * @param acknowledged - the number of the last answer that came; what was in it is forgotten
   * @param abandoned - told when nobody waits for the answer any more
   * @returns the body of the answer; `undefined` when there was no answer of that number
   */
  poll(acknowledged: number, abandoned: AbortSignal): Promise<string> | undefined {
    if (acknowledged > this.#answer) return undefined
    this.#settle('{"messages":[]}')
    // Answering the older poll is no reason to be gone.
    this.#cancelTimeout()
    // Room may be filled at once: that is for this poll.
    if (acknowledged === this.#answer) this.#forget()
    const answer = new Promise<string>((resolve) => {
      this.#poll = resolve
    })
    const poll = this.#poll
    abandoned.addEventListener('abort', () => {
      if (poll === this.#poll) this.#settle('{"messages":[]}')
    })
    this.#arm()
    return answer
  }

  /** The last answer has arrived. */
  #forget(): void {
    if (this.#unacknowledged === 0) return
    for (const { bytes } of this.#queue.splice(0, this.#unacknowledged)) this.#bytes -= bytes
    this.#unacknowledged = 0
    if (this.#queue.length === 0 && !this.#ending) this.#due = Infinity
    if (!this.#full || this.#bytes >= HIGH_WATER_BYTES) return
    this.#full = false
    this.#session?.writable()
  }

  /** Answers the poll when it is time. */
  #arm(): void {
    const { wheel, waitMs, now } = this.#options
    this.#cancelPoll?.()
    // What was sent and not acknowledged is sent again at once.
    const inMs = this.#unacknowledged > 0 ? 0 : this.#due - now()
    if (inMs <= 0) this.#respond()
    else this.#cancelPoll = wheel.after(Math.min(inMs, waitMs), () => this.#respond())
  }

  #respond(): void {
    if (this.#queue.length === 0 && !this.#ending) {
      this.#settle('{"messages":[]}')
      return
    }
    this.#unacknowledged = this.#queue.length
    this.#due = Infinity
    const items = this.#queue.map(({ item }) => item).join(',')
    const close = this.#ending ? `,"close":${JSON.stringify(this.#ending)}` : ''
    this.#settle(`{"n":${String(++this.#answer)},"messages":[${items}]${close}}`)
    if (this.#ending) this.leave(this.#ending)
  }

  #settle(body: string): void {
    const poll = this.#poll
    this.#cancelPoll?.()
    this.#cancelPoll = this.#poll = undefined
    poll?.(body)
    this.seen()
  }

  #timedOut(): void {
    this.#session?.leave('idle')
    this.terminate()
  }
}
