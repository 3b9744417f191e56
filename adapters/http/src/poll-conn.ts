import type { Batch, Budget, Session, TimerWheel } from '@fanfare/core'

import { AnswerCopies } from './answer-copies.ts'
import type { Ending } from './ending.ts'
import type { HttpConn } from './seat.ts'
import type { Wire, Written } from './wire.ts'

/** With so many bytes waiting for a poll, or for its acknowledgement, what follows has to wait. */
const HIGH_WATER_BYTES = 262_144
/** How long the last answer may wait for its poll. */
const CLOSE_TIMEOUT_MS = 5_000
/** An answer with nothing in it has no number: there is nothing to acknowledge. */
const NOTHING = '{"messages":[]}'

/** What a connection by polls works with. */
export interface PollOptions {
  readonly wire: Wire
  readonly wheel: TimerWheel
  /** For what waits for clients. */
  readonly budget: Budget
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** How long an answer waits for more after the first message. */
  readonly pollTimeMs: number
  /** How long a poll waits for a message. */
  readonly waitMs: number
  /** How long there may be no poll. */
  readonly sessionTimeoutMs: number
}

/** A client that polls, as the hub sees it. */
export class PollConn implements HttpConn {
  readonly #options: PollOptions
  /** What waits for a poll, or for the acknowledgement of one. */
  #queue: Written[] = []
  #bytes = 0
  /** The number of the last answer with something in it. */
  #answer = 0
  /**
   * How much of the queue is in that answer: forgotten when it is acknowledged. Until then the answer stays as it is and
   * what comes waits for the next one, so that its number is enough to know it by, however often it came.
   */
  #unacknowledged = 0
  /** When the answer to what waits behind that is due, at the latest. */
  #due = Infinity
  /** When the poll that waits is answered in any case. */
  #until = 0
  /** Answers the poll that waits. */
  #poll: ((body: string) => void) | undefined
  #cancelPoll: (() => void) | undefined
  #forgetSignal: (() => void) | undefined
  #cancelTimeout: () => void
  #full = false
  #ending: Ending | undefined
  #over = false
  #session: Session | undefined
  #gone: () => void = () => {}
  readonly #copies: AnswerCopies

  constructor(options: PollOptions) {
    this.#options = options
    this.#copies = new AnswerCopies(options.budget, () => queueMicrotask(() => this.#cutOff('slow')))
    this.#cancelTimeout = options.wheel.after(options.sessionTimeoutMs, () => this.#cutOff('idle'))
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
    const dueBefore = this.#due
    for (const frame of batch.frames) {
      const written = wire.of(frame)
      this.#queue.push(written)
      this.#bytes += written.bytes
      // Who asked something waits for the answer.
      const due = now() + (frame.lane === 'control' ? 0 : pollTimeMs)
      if (due < this.#due) this.#due = due
    }
    this.#full = this.#bytes >= HIGH_WATER_BYTES
    // More would not fit: there is nothing to wait for.
    if (this.#full) this.#due = 0
    if (this.#poll && this.#due < dueBefore) this.#arm()
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
    this.#copies.end()
    this.#settle(NOTHING)
    this.#session?.closed(code, reason)
    this.#gone()
  }

  seen(): void {
    if (this.#poll || this.#ending || this.#over) return
    this.#cancelTimeout()
    this.#cancelTimeout = this.#options.wheel.after(this.#options.sessionTimeoutMs, () =>
      this.#cutOff('idle'),
    )
  }

  /** Whether there was an answer of that number, or 0 stands for none. */
  answered(number: number): boolean {
    return number <= this.#answer
  }

  /** Whether that number says of something that it came. */
  acknowledges(number: number | undefined): boolean {
    return number === this.#answer && this.#unacknowledged > 0
  }

  /**
   * Waits for messages. A poll that waits already is answered with nothing.
   *
   * @param acknowledged - the number of the last answer that came; what was in it is forgotten
   * @param abandoned - told when nobody waits for the answer any more
   * @returns the body of the answer
   */
  poll(acknowledged: number, abandoned: AbortSignal): Promise<string> {
    this.#settle(NOTHING)
    // Room may be filled at once: that is for this poll.
    if (acknowledged === this.#answer) this.#forget()
    // It may have been over before, with what came in the same request.
    if (this.#over || abandoned.aborted) return Promise.resolve(NOTHING)
    // A client that waits is there. The time in which the last answer has to go runs on.
    if (!this.#ending) this.#cancelTimeout()
    this.#until = this.#options.now() + this.#options.waitMs
    const answer = new Promise<string>((resolve) => {
      this.#poll = resolve
    })
    const poll = this.#poll
    const abandon = (): void => {
      if (poll === this.#poll) this.#settle(NOTHING)
    }
    abandoned.addEventListener('abort', abandon, { once: true })
    // Some hosts hold a request as long as anybody listens.
    this.#forgetSignal = () => abandoned.removeEventListener('abort', abandon)
    this.#arm()
    return answer
  }

  /** The last answer has arrived. */
  #forget(): void {
    if (this.#unacknowledged === 0) return
    for (const { bytes } of this.#queue.splice(0, this.#unacknowledged)) this.#bytes -= bytes
    this.#unacknowledged = 0
    this.#copies.end()
    if (!this.#full || this.#bytes >= HIGH_WATER_BYTES) return
    this.#full = false
    this.#session?.writable()
  }

  /** Answers the poll when it is time. */
  #arm(): void {
    const { wheel, now } = this.#options
    this.#cancelPoll?.()
    // What was sent and not acknowledged is sent again at once.
    const inMs = this.#unacknowledged > 0 ? 0 : Math.min(this.#due, this.#until) - now()
    if (inMs > 0) {
      this.#cancelPoll = wheel.after(inMs, () => this.#respond())
      return
    }
    const poll = this.#poll
    // Not at once: last words are followed by the end, which goes with them.
    queueMicrotask(() => {
      if (poll === this.#poll) this.#respond()
    })
  }

  #respond(): void {
    if (this.#unacknowledged === 0) {
      if (this.#queue.length === 0 && !this.#ending) {
        this.#settle(NOTHING)
        return
      }
      this.#answer++
      this.#unacknowledged = this.#queue.length
      this.#due = Infinity
    }
    const items = this.#queue.slice(0, this.#unacknowledged).map(({ text }) => text)
    const ending = this.#unacknowledged === this.#queue.length ? this.#ending : undefined
    const close = ending ? `,"close":${JSON.stringify(ending)}` : ''
    const body = `{"n":${String(this.#answer)},"messages":[${items.join(',')}]${close}}`
    if (!this.#copies.given(body.length)) {
      this.#settle(NOTHING)
      this.#cutOff('slow')
      return
    }
    this.#settle(body)
    if (ending) this.leave(ending)
  }

  #settle(body: string): void {
    const poll = this.#poll
    this.#cancelPoll?.()
    this.#forgetSignal?.()
    this.#cancelPoll = this.#forgetSignal = this.#poll = undefined
    poll?.(body)
    this.seen()
  }

  #cutOff(why: 'idle' | 'slow'): void {
    this.#session?.leave(why)
    this.terminate()
  }
}
