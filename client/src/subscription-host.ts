import type { Cancel } from '@fanfare/core/contract'

import type { Gap } from './channel-types.ts'
import type { FanfareClientError } from './errors.ts'
import type { ClientFrame } from './frames.ts'
import type { Waiting } from './requests.ts'

/** What subscriptions need of their client. */
export interface SubscriptionHost {
  open(): boolean
  clientId(): string | undefined
  request(frame: ClientFrame, waiting: Waiting): number
  forget(id: number): void
  /** Has a subscribe that the server may have to ask about wait for its turn; returns what is to be called when it is done. */
  permit(channel: string, begin: () => void): () => void
  /** The subscription stands (no error), or will not. Messages wait for either. */
  settled(channel: string, error?: FanfareClientError): void
  /** Calls back after a pause that grows with `attempt`, and after `afterMs` at least. */
  later(attempt: number, afterMs: number | undefined, callback: () => void): Cancel
  /** An error that nobody listens for on the channel. */
  failed(error: FanfareClientError): void
  gap(gap: Gap): void
  report(error: unknown): void
}
