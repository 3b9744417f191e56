import type { ChannelType } from '../ground/channel-name.ts'
import type { Member } from './message.ts'

/** A client asks to join a private or presence channel. */
export interface AuthorizeRequest {
  readonly channel: string
  readonly type: Exclude<ChannelType, 'public'>
  /** The client that asks: its id, and what it holds already. */
  readonly client: { readonly id: string; readonly channels: readonly string[] }
  /** What `hub.add(conn, { auth })` was given: the identity at connection. Opaque to the hub. */
  readonly auth: unknown
  /** What came with this very subscribe, such as a token. Opaque to the hub; it comes from the client, so check it. */
  readonly credentials: unknown
}

/** The authorizer's answer. A bare boolean stands for `{ allowed }`. */
export interface Grant {
  readonly allowed: boolean
  /** Who the client is in a presence channel. An absent or empty id becomes the client's id. */
  readonly member?: { readonly id?: Member['id'] | undefined; readonly info?: unknown } | undefined
  /** When the grant ends, in milliseconds since 1970. The client is then removed from this channel alone. */
  readonly expiresAt?: number | undefined
}

/** As a plain function: may this client join this channel? */
export type AuthorizeFunction = (request: AuthorizeRequest) => Grant | boolean | Promise<Grant | boolean>

/**
 * Decides about joins of private and presence channels. A throw, a rejection, and no answer within 5 s are denials.
 * Without an authorizer every such join is denied.
 */
export type Authorizer = AuthorizeFunction | { authorize: AuthorizeFunction }
