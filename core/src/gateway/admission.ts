import type { Conn, Session } from '../contract/conn.ts'
import type { Why } from '../ground/why.ts'

/** A handshake that is not accepted: what to answer over HTTP. */
export interface Refusal {
  readonly ok: false
  /** HTTP status. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly why: Why
  /** A sentence for the body; says nothing that an attacker could use. */
  readonly message: string
}

/** Leave to upgrade. */
export interface Ticket {
  readonly ok: true
  /**
   * The connection is open: from now on the adapter reports to the session. A protocol whose clients do not understand an
   * HTTP status is refused here: the connection is told why and closed.
   */
  accept(conn: Conn): Session
}

const STATUSES: Partial<Record<Why, number>> = {
  'not-found': 404,
  forbidden: 403,
  unauthorized: 401,
  expired: 401,
  'auth-expected': 401,
  'over-capacity': 503,
  rate: 429,
  shutdown: 503,
  timeout: 503,
  internal: 500,
}

/** A refusal for a reason; temporary ones say when to come back. */
export function refusal(why: Why, message: string, afterMs = 1_000): Refusal {
  const status = STATUSES[why] ?? 400
  const temporary = status === 503 || status === 429
  const headers: Record<string, string> = temporary
    ? { 'retry-after': String(Math.ceil(afterMs / 1_000)) }
    : {}
  return { ok: false, status, headers, why, message }
}
