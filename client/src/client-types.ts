import type { Origin } from '@fanfare/core/contract'

import type { Gap } from './channel-types.ts'
import type { StateChange } from './connection.ts'
import type { FanfareClientError } from './errors.ts'

/** What happens to a client. */
export interface ClientEvents {
  state(change: StateChange): void
  /** Messages were lost, in any channel or of the direct ones. */
  gap(gap: Gap): void
  /** Something failed. When nobody listens and no promise tells of it, the host's `reportError` or console does. */
  error(error: FanfareClientError): void
}

/** A direct event: sent to this client, its user, or everybody, and not through a channel. */
export interface DirectEvent<Name extends string = string, Data = unknown> {
  readonly event: Name
  readonly data: Data
  /** Who sent it; absent when the server did. */
  readonly from?: Origin | undefined
}

/** Data that may be left out when the contract does not ask for any. */
export type DataAndOptions<Data, Options extends unknown[]> = undefined extends Data
  ? [data?: Data, ...options: Options]
  : [data: Data, ...options: Options]
