import type { Handshake } from '../contract/conn.ts'
import { ClientError, FanfareError } from '../ground/errors.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import {
  type Authenticate,
  type AuthenticateAt,
  type AuthenticateRequest,
  tokenIn,
  type User,
} from './identity.ts'
import { tokenOf } from './tokens.ts'

/** What authentication needs of its gateway. */
export interface AuthenticationHost {
  readonly wheel: TimerWheel
  readonly timeoutMs: number
  failed(error: unknown): void
}

type Waits = (giveUp: () => void) => void

/** Asks the application who clients are, and never waits for it too long. */
export class Authentication<U extends User> {
  readonly #host: AuthenticationHost
  readonly #authenticate: Authenticate<U> | undefined
  readonly #at: AuthenticateAt

  constructor(host: AuthenticationHost, authenticate: Authenticate<U> | undefined, at: AuthenticateAt) {
    this.#host = host
    this.#authenticate = authenticate
    this.#at = at
  }

  /** Whether the application may be asked before the upgrade. */
  get asksHandshake(): boolean {
    return this.#authenticate !== undefined && this.#at !== 'message'
  }

  /** Before the upgrade. `undefined`: it will have to say who it is in its first message, or nobody asks. */
  async byHandshake(handshake: Handshake): Promise<U | undefined> {
    if (!this.asksHandshake) return undefined
    const token = tokenOf(handshake)
    if (this.#at === 'either' && token === undefined) return undefined
    return this.#ask({ token, credentials: token, handshake })
  }

  /** Whether a client that was let in without a user owes a first message. */
  get expectsMessage(): boolean {
    return this.#authenticate !== undefined && this.#at !== 'handshake'
  }

  /**
   * In a message on the live connection. @throws ClientError
   *
   * @param waits - is given how to stop waiting for the answer
   */
  byMessage(credentials: unknown, handshake: Handshake, waits: Waits): Promise<U> {
    if (!this.#authenticate)
      return Promise.reject(new ClientError('disabled', 'this server does not ask who you are'))
    return this.#ask({ token: tokenIn(credentials), credentials, handshake }, waits)
  }

  async #ask(request: AuthenticateRequest, waits?: Waits): Promise<U> {
    try {
      const user = await this.#inTime(request, waits)
      if (user) return checked(user)
    } catch (error) {
      if (error instanceof ClientError) throw error
      this.#host.failed(error)
    }
    throw new ClientError('unauthorized', 'who are you?')
  }

  #inTime(request: AuthenticateRequest, waits?: Waits): Promise<U | null | undefined | false> {
    return new Promise((resolve, reject) => {
      const cancel = this.#host.wheel.after(this.#host.timeoutMs, () => {
        reject(new FanfareError('timeout', 'authenticate did not answer in time'))
      })
      waits?.(() => {
        cancel()
        reject(new ClientError('cancelled', 'nobody waits for the answer any more'))
      })
      const ask = async (): Promise<U | null | undefined | false> => this.#authenticate?.(request)
      ask().then(resolve, reject).finally(cancel)
    })
  }
}

/** Users are found by their ids. @throws TypeError when there is none */
function checked<U extends User>(user: U): U {
  if (typeof user.id === 'string' && user.id !== '') return user
  throw new TypeError('authenticate returned a user whose id is no string, or empty')
}
