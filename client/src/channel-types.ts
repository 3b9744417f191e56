import type { Member, Origin } from '@fanfare/core/contract'

import type { FanfareClientError } from './errors.ts'

/** Where a channel stands: `subscribing` as long as it is wanted and the server has not said yes on this connection. */
export type ChannelState = 'unsubscribed' | 'subscribing' | 'subscribed'

/** One event of a channel. */
export interface ChannelEvent<Name extends string = string, Data = unknown> {
  readonly channel: string
  readonly event: Name
  readonly data: Data
  /** Who published it; absent when the server did. Filled in by the server. */
  readonly from?: Origin | undefined
  /** For iterators: how many events were dropped right before this one, because the loop was too slow. */
  readonly missed?: number | undefined
}

/** Events were lost on their way. */
export interface Gap {
  /** `undefined`: direct events were lost. */
  readonly channel: string | undefined
  /** How many; 0 when nobody knows. */
  readonly count: number
  /**
   * `slow`: this client was too slow for the server. `bus`: lost between the server's nodes. `reconnect`: the connection
   * was interrupted, and what was sent meanwhile is gone. `buffer`: an iterator was too slow.
   */
  readonly reason: string
}

/** What `getAuth` is told. */
export interface AuthRequest {
  readonly channel: string
  /** This connection's id, for auth that is bound to it. */
  readonly client: string
  /** Whether an existing subscription is about to expire. */
  readonly renew: boolean
}

/** How a channel is subscribed to. */
export interface ChannelOptions {
  /**
   * What the server's authorizer gets to see: any JSON. Asked anew at each attempt, and when the server says that the
   * subscription expires. When it fails, it is asked again after a while.
   */
  readonly getAuth?: ((request: AuthRequest) => unknown) | undefined
}

/** What happens to a channel, as opposed to in it. Their names cannot collide with those of events. */
export interface ChannelSignals {
  /** The server said yes: the first time, and after each interruption. */
  subscribed(now: { readonly members: readonly Member[]; readonly me: Member | undefined }): void
  /**
   * The server ended the subscription. It is not tried again by itself. `code`: such as `expired`; `removed` when the
   * application took this client out and said no more.
   */
  unsubscribed(why: { readonly code: string }): void
  /** Somebody came to a presence channel. Not told for those who were there first. */
  joined(member: Member): void
  /** Somebody left a presence channel, with the info that was known. */
  left(member: Member): void
  gap(gap: Gap): void
  /** The subscription ends soon, unless `getAuth` renews it. */
  expiring(soon: { readonly inMs: number }): void
  error(error: FanfareClientError): void
}
