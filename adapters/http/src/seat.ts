import type { Conn, Session } from '@fanfare/core'

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

/** One client over plain HTTP: found by its secret, spoken for by POSTs. */
export class Seat<C extends HttpConn = HttpConn> {
  readonly conn: C
  readonly session: Session
  /** The number of the last POST that was taken. */
  #seq = 0

  constructor(conn: C, session: Session) {
    this.conn = conn
    this.session = session
  }

  /** Takes what a POST brought, unless it was taken before: its answer may have been lost. */
  take({ seq, messages, close }: Upload): void {
    this.conn.seen()
    if (seq !== undefined && seq <= this.#seq) return
    this.#seq = seq ?? this.#seq
    for (const message of messages) this.session.receive(message)
    if (close) this.conn.leave(close)
  }
}
