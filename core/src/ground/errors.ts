/**
 * What a programmer did wrong is thrown, as one of these: a stable `code`, a sentence, and the cause where there is one.
 * What a client did wrong is never thrown: it is a {@link Why} and is answered to the client.
 *
 * @module
 */
import type { Why } from './why.ts'

/** Every error that Fanfare throws or rejects with. Test `code`, not the message. */
export class FanfareError extends Error {
  override readonly name: string = 'FanfareError'
  /** Stable over minor versions. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The hub was closed; it takes nothing more. Code `hub-closed`. */
export class HubClosedError extends FanfareError {
  override readonly name = 'HubClosedError'
  constructor() {
    super('hub-closed', 'the hub is closed')
  }
}

/** An option has a wrong value. Code `bad-option`; `option` names it. */
export class OptionError extends FanfareError {
  override readonly name = 'OptionError'
  readonly option: string

  constructor(option: string, takes: string, got: unknown) {
    super('bad-option', `${option} takes ${takes}, not ${describe(got)}`)
    this.option = option
  }
}

/** A channel name that the grammar refuses. Code `bad-name`. */
export class ChannelNameError extends FanfareError {
  override readonly name = 'ChannelNameError'
  constructor(why: string) {
    super('bad-name', why)
  }
}

/** The authorizer said no, threw, or did not answer in time. Code `unauthorized`. */
export class UnauthorizedError extends FanfareError {
  override readonly name = 'UnauthorizedError'
  readonly channel: string
  /**
   * `unauthorized`: somebody said no. `internal`: the authorizer threw, or its answer made no sense; `timeout`: it did not
   * answer in time. Those two are a denial as well, but one that may be over soon, and the client is told so.
   */
  readonly why: 'unauthorized' | 'internal' | 'timeout'

  constructor(channel: string, options: ErrorOptions & { readonly why?: UnauthorizedError['why'] } = {}) {
    super('unauthorized', `not allowed to subscribe to ${channel}`, options)
    this.channel = channel
    this.why = options.why ?? 'unauthorized'
  }
}

/** A bound was reached. Code `limit`; `limit` names the option that sets it. */
export class LimitError extends FanfareError {
  override readonly name = 'LimitError'
  readonly limit: string
  /** In how many milliseconds to try again; `undefined` when it is no matter of time: something has to be given up. */
  readonly afterMs: number | undefined

  constructor(limit: string, value: number, afterMs?: number) {
    super('limit', `${limit} is ${String(value)}, and that is reached`)
    this.limit = limit
    this.afterMs = afterMs
  }
}

/** The client left, or the subscription was called off, before there was an answer. Code `cancelled`. */
export class CancelledError extends FanfareError {
  override readonly name = 'CancelledError'
  constructor(why: string) {
    super('cancelled', why)
  }
}

/**
 * Thrown by an application's handler to tell the client what it did wrong: its `why` and message are sent to the client
 * as they are. Any other error reaches the client as `internal`, without its text.
 */
export class ClientError extends FanfareError {
  override readonly name = 'ClientError'
  readonly why: Why
  /** In how many milliseconds the client is told to try again. */
  readonly afterMs: number | undefined

  constructor(
    why: Why,
    message: string,
    options: ErrorOptions & { readonly afterMs?: number | undefined } = {},
  ) {
    super(why, message, options)
    this.why = why
    this.afterMs = options.afterMs
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

/** What an async function gives that threw this, for one that is not async. */
export function rejected(error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)))
}

/** What a publish fails with while the bus is down. */
const OUTAGE_CODES: ReadonlySet<string> = new Set(['refused', 'unknown'])

/**
 * Whether a publish failed because the bus is down. Then it was delivered to this node's own clients, and those of other
 * nodes may not get it.
 */
export function isOutage(error: unknown): boolean {
  return error instanceof FanfareError && OUTAGE_CODES.has(error.code)
}
