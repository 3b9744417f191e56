import type { Gateway, Handshake } from '@fanfare/core'

/** For how long a browser may remember the answer to a preflight, in seconds: no browser remembers longer. */
const MAX_AGE = '7200'

/** What pages of other origins may do: the gateway says which. */
export class Cors {
  readonly #gateway: Gateway
  readonly #credentials: boolean

  constructor(gateway: Gateway, credentials: boolean) {
    this.#gateway = gateway
    this.#credentials = credentials
  }

  /** Whether the page that asks may. */
  allows(handshake: Handshake): boolean {
    return this.#gateway.allowsOrigin(handshake)
  }

  /** The headers that let the page read the answer. */
  headers(handshake: Handshake): Record<string, string> {
    const origin = handshake.header('origin')
    if (origin === undefined) return { vary: 'origin' }
    if (!this.allows(handshake)) return { vary: 'origin' }
    const credentials: Record<string, string> = this.#credentials
      ? { 'access-control-allow-credentials': 'true' }
      : {}
    return { vary: 'origin', 'access-control-allow-origin': origin, ...credentials }
  }

  /** The headers that answer a preflight. */
  preflight(): Record<string, string> {
    return {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, cache-control, content-type, last-event-id',
      'access-control-max-age': MAX_AGE,
    }
  }
}
