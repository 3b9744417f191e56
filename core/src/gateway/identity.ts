import type { Handshake } from '../contract/conn.ts'

/** Who a client is. Whatever else the application wants to know of it stands beside the id. */
export interface User {
  readonly id: string
}

/** Somebody wants to be let in. */
export interface AuthenticateRequest {
  /** The token in the handshake, or in the client's first message; see `tokenOf`. */
  readonly token: string | undefined
  /** What the first message brought, whatever its form; the token in a handshake. Comes from the client: check it. */
  readonly credentials: unknown
  readonly handshake: Handshake
}

/**
 * Says who somebody is: a user; or nothing, and then it is not let in (401). A ClientError `forbidden` becomes a 403; any
 * other throw, and no answer in time, is a refusal and an `error` event.
 */
export type Authenticate<U extends User> = (
  request: AuthenticateRequest,
) => U | null | undefined | false | Promise<U | null | undefined | false>

/**
 * When clients say who they are: in the handshake, before they take a slot; in their first message, within the handshake
 * timeout; or in the handshake if there is a token in it, else in the first message.
 */
export type AuthenticateAt = 'handshake' | 'message' | 'either'

/** The token in a first message: the message itself, or its member `token`. */
export function tokenIn(credentials: unknown): string | undefined {
  if (typeof credentials === 'string') return credentials
  const token =
    typeof credentials === 'object' && credentials !== null
      ? (credentials as { token?: unknown }).token
      : undefined
  return typeof token === 'string' ? token : undefined
}
