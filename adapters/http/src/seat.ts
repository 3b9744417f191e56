import type { Conn, Session } from '@fanfare/core'
import { type Rate, TokenBucket } from '@fanfare/core/adapter'

import type { Ending } from './ending.ts'
import type { Upload } from './upload.ts'

/** A connection as requests see it: they come and go, it stays. */
export interface HttpConn extends Conn {
  /** Reports to the session from now on; calls `gone` once, when the connection is over. */
  attach(session: Session, gone: () => void): void
  /** A request of the client came in: a sign of life. */
  seen(): void
  /** The client goes. */
  leave(ending: Ending): void
}

/** What seats keep to. */
export interface SeatLimits {
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** How often a client may ask for nothing. */
  readonly rate: Rate
  /** Who was refused so often is closed; 0: never. */
  readonly strikes: number
}

/** One client over plain HTTP: found by its secret, spoken for by POSTs. */
export class Seat<C extends HttpConn = HttpConn> {
  readonly conn: C
  readonly session: Session
  readonly #limits: SeatLimits
  /** The number of the last POST that was taken. */
  #seq = 0
  /** The POST that is under way. */
  #post: object | undefined
  /** Of requests that bring nothing. Most clients send none. */
  #idle: TokenBucket | undefined
  #strikes = 0

  constructor(conn: C, session: Session, limits: SeatLimits) {
    this.conn = conn
    this.session = session
    this.#limits = limits
  }

  /** Whether a POST may say something: a client has one at a time under way that does, until it is {@link done}. */
  mayBring(post: object): boolean {
    return (this.#post ??= post) === post
  }

  done(post: object): void {
    if (this.#post === post) this.#post = undefined
  }

  /** Whether the client may ask for something: 0, or in how many milliseconds again. Whoever does not wait is closed. */
  waitMs(): number {
    const { now, strikes } = this.#limits
    const afterMs = this.#idle?.waitMs(now()) ?? 0
    if (afterMs > 0 && ++this.#strikes === strikes) this.session.leave('rate')
    return afterMs
  }

  /** A request brought nothing: what is in messages is counted elsewhere. */
  broughtNothing(): void {
    const { now, rate } = this.#limits
    ;(this.#idle ??= new TokenBucket(rate, now())).take(now())
  }

  /** Takes what a POST brought, unless it was taken before: its answer may have been lost. Returns whether it was new. */
  take({ seq, messages, close }: Upload): boolean {
    this.conn.seen()
    if (seq !== undefined && seq <= this.#seq) return false
    this.#seq = seq ?? this.#seq
    for (const message of messages) this.session.receive(message)
    if (close) this.conn.leave(close)
    return messages.length > 0
  }
}
