import type { Handshake } from '../contract/conn.ts'
import type { Platform } from '../ground/platform.ts'

/**
 * The token in a handshake, from the first of these that has one: the header `Authorization: Bearer …`, the query
 * parameter `token`, a subprotocol `token.…` (browsers can set no header, but this one; never let such a name be echoed to
 * another client). Query parameters end up in logs: prefer one-time tokens there.
 */
export function tokenOf(handshake: Handshake): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(handshake.header('authorization') ?? '') ?? []
  const offered = handshake.subprotocols.find((name) => name.startsWith('token.'))
  // An empty token is none.
  return bearer ?? ([handshake.query('token'), offered?.slice('token.'.length)].find(Boolean) || undefined)
}

/** The value of a cookie in a handshake, decoded where it is percent-encoded. */
export function cookieOf(handshake: Handshake, name: string): string | undefined {
  for (const pair of (handshake.header('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return decoded(pair.slice(at + 1).trim())
  }
  return undefined
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** When a token ends, by both clocks: one stands still while the machine is suspended, the other may be set back. */
interface End {
  readonly monotonic: number
  readonly wall: number
}

/** Tokens that are good once, for a short time: for query parameters, which end up in logs. */
export class OneTimeTokens<User> {
  readonly #platform: Platform
  readonly #ttlMs: number
  readonly #most: number
  readonly #users = new Map<string, { readonly user: User; readonly ends: End }>()

  /**
   * @param ttlMs - how long a token is good. @defaultValue `60_000` ms
   * @param most - how many may be outstanding; the oldest are forgotten. @defaultValue `100_000`
   */
  constructor(platform: Platform, ttlMs = 60_000, most = 100_000) {
    this.#platform = platform
    this.#ttlMs = ttlMs
    this.#most = most
  }

  /** A new token for a user: 32 hexadecimal digits. */
  issue(user: User): string {
    const token = Array.from(this.#platform.randomBytes(16), (byte) =>
      byte.toString(16).padStart(2, '0'),
    ).join('')
    const { clock } = this.#platform
    const ends = { monotonic: clock.monotonic() + this.#ttlMs, wall: clock.now() + this.#ttlMs }
    this.#users.set(token, { user, ends })
    this.#forget()
    return token
  }

  /** The user a token was issued for, the first time; `undefined` afterwards, and when it is too old or unknown. */
  redeem(token: string | undefined): User | undefined {
    const issued = token === undefined ? undefined : this.#users.get(token)
    if (token === undefined || !issued) return undefined
    this.#users.delete(token)
    return this.#isGood(issued.ends) ? issued.user : undefined
  }

  /** Oldest first: a map keeps the order of insertion, and all tokens live equally long. */
  #forget(): void {
    for (const [token, { ends }] of this.#users) {
      if (this.#isGood(ends) && this.#users.size <= this.#most) return
      this.#users.delete(token)
    }
  }

  #isGood({ monotonic, wall }: End): boolean {
    const { clock } = this.#platform
    return monotonic >= clock.monotonic() && wall >= clock.now()
  }
}
