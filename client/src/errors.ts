/** How an error is described besides its code and message. */
export interface ErrorDetails {
  /** What led to it. */
  readonly cause?: unknown
  /** Who found it. @defaultValue `'client'` */
  readonly by?: 'client' | 'server' | undefined
  /** The channel it is about. */
  readonly channel?: string | undefined
  /** Milliseconds to wait before trying again, when the server says so. */
  readonly afterMs?: number | undefined
}

/**
 * Every error that the client throws, rejects with or reports. Test `code`, not the message.
 *
 * Codes of the client's own (`by: 'client'`):
 *
 * - `bad-option`: an option is unknown or has a wrong value
 * - `offline`: there is no connection, and messages are not queued
 * - `queue-full`: a bound of the queue is reached
 * - `disconnected`: the connection was lost before the answer came; nobody knows whether the server acted
 * - `timeout`: no answer in time, or no connection in time
 * - `aborted`: by the caller's signal, whose reason is the `cause`
 * - `cancelled`: called off by `unsubscribe()`
 * - `token`, `auth`: `getToken()` or `getAuth()` failed; the `cause` says how
 * - `attempts`: as many attempts as `maxAttempts` allows failed
 * - `bad-version`: the server speaks another version of the protocol
 * - `closed`: the client was closed
 *
 * With `by: 'server'` the code is the server's word, such as `unauthorized`, `rate` or `unknown`; `closed` when it ended
 * the connection in the ordinary way.
 */
export class FanfareClientError extends Error {
  override readonly name = 'FanfareClientError'
  readonly code: string
  readonly by: 'client' | 'server'
  readonly channel: string | undefined
  /** Milliseconds to wait before trying again; `undefined` when the server did not say. */
  readonly afterMs: number | undefined

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.by = details.by ?? 'client'
    this.channel = details.channel
    this.afterMs = details.afterMs
  }
}
