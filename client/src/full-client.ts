import type { Contract } from '@fanfare/core/contract'

import { FanfareClient as Slim } from './client.ts'
import { fallback } from './fallback.ts'
import type { Edition } from './options.ts'
import { hostFetch } from './platform.ts'
import { poll } from './poll-transport.ts'
import { sse } from './sse-transport.ts'

/**
 * A client of a Fanfare server. Give it the type of the contract, and everything it does is typed by it.
 *
 * Where no WebSocket gets through it takes server-sent events, and long polls where those do not either.
 *
 * @example
 * ```ts
 * const client = new FanfareClient<typeof contract>('wss://example.com/ws', { getToken: fetchToken })
 * await client.connect()
 * ```
 */
export class FanfareClient<C extends Contract = Contract> extends Slim<C> {
  /** @internal */
  protected override get edition(): Edition {
    return {
      others: () => (hostFetch() ? [sse(), poll()] : []),
      // One that is not the last has to be given up before the attempt is.
      join: (transports, { fallbackAfterMs = 0, connectTimeoutMs = 0 }) =>
        fallback(transports, Math.min(fallbackAfterMs, connectTimeoutMs - 1)),
    }
  }
}
