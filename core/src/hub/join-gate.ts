import type { AuthorizeRequest, Authorizer, Grant } from '../contract/authorizer.ts'
import { CancelledError, FanfareError, LimitError, UnauthorizedError } from '../ground/errors.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import type { ErrorEvent } from './events.ts'

/** What the gate needs of its hub. */
export interface JoinGateHost {
  readonly wheel: TimerWheel
  report(event: ErrorEvent): void
}

/** How authorizations are bounded. */
export interface AuthorizationLimits {
  /** How long an authorizer may take, waiting for its turn included; no answer is a denial. @defaultValue `5_000` ms */
  readonly timeoutMs: number
  /** How many may run at once in this hub; the others wait their turn. @defaultValue `64` */
  readonly concurrent: number
  /** How many one client may have pending. @defaultValue `16` */
  readonly pendingPerClient: number
}

/** A question to the authorizer that has no answer yet. */
export interface Question {
  /** Nobody is there any more to hear the answer: gives back its time and its turn. */
  withdraw(): void
}

/** A client for which too much is pending may ask again after so long, in milliseconds: most answers are in by then. */
const ASK_AGAIN_MS = 250

/** @throws LimitError when so many questions about a client are pending already */
export function assertRoomForQuestion(pending: number, { pendingPerClient }: AuthorizationLimits): void {
  if (pending < pendingPerClient) return
  throw new LimitError('authorization.pendingPerClient', pendingPerClient, ASK_AGAIN_MS)
}

/** Asks the authorizer: never more often at once than allowed, never waiting for it longer than allowed. */
export class JoinGate {
  readonly #hub: JoinGateHost
  #authorizer: Authorizer | undefined
  readonly #limits: AuthorizationLimits
  readonly #queue = new Set<() => void>()
  #running = 0

  constructor(hub: JoinGateHost, authorizer: Authorizer | undefined, limits: AuthorizationLimits) {
    this.#hub = hub
    this.#authorizer = authorizer
    this.#limits = limits
  }

  /** How many authorizations run or wait. */
  get pending(): number {
    return this.#running + this.#queue.size
  }

  /** Decides from now on. @throws FanfareError `authorizer-given` when there is one already */
  use(authorizer: Authorizer): void {
    if (this.#authorizer) throw new FanfareError('authorizer-given', 'the hub has an authorizer already')
    this.#authorizer = authorizer
  }

  /**
   * Resolves with a grant that allows. Rejects with an UnauthorizedError in every other case.
   *
   * @param open - the questions of whoever asks; this one is among them until it has an answer
   */
  ask(request: AuthorizeRequest, open: Set<Question>): Promise<Grant> {
    const authorizer = this.#authorizer
    if (!authorizer) return Promise.reject(new UnauthorizedError(request.channel))
    return new Promise((resolve, reject) => {
      const start = (): void => {
        this.#running++
        void this.#call(authorizer, request).then(resolve, reject).finally(finish)
      }
      const finish = (): void => {
        if (!open.delete(question)) return
        cancel()
        if (!this.#queue.delete(start)) this.#release()
      }
      // After its time an authorizer that never answers no longer counts as running: it must not block the others.
      const cancel = this.#hub.wheel.after(this.#limits.timeoutMs, () => {
        finish()
        const late = new FanfareError('timeout', 'the authorizer did not answer in time')
        reject(this.#denied(request, late, 'timeout'))
      })
      const withdraw = (): void => {
        finish()
        reject(new CancelledError('nobody waits for the answer any more'))
      }
      const question: Question = { withdraw }
      open.add(question)
      if (this.#running < this.#limits.concurrent) start()
      else this.#queue.add(start)
    })
  }

  async #call(authorizer: Authorizer, request: AuthorizeRequest): Promise<Grant> {
    const answer = await this.#answer(authorizer, request)
    const grant = typeof answer === 'boolean' ? { allowed: answer } : answer
    if (!isGrant(grant)) {
      throw this.#denied(request, new TypeError('the authorizer returned neither a boolean nor { allowed }'))
    }
    if (!grant.allowed) throw new UnauthorizedError(request.channel)
    return grant
  }

  async #answer(authorizer: Authorizer, request: AuthorizeRequest): Promise<Grant | boolean> {
    try {
      return await (typeof authorizer === 'function' ? authorizer(request) : authorizer.authorize(request))
    } catch (cause) {
      throw this.#denied(request, cause)
    }
  }

  /** A denial that nobody decided: the operator is told what happened, the client only that it may try again. */
  #denied(
    request: AuthorizeRequest,
    cause: unknown,
    why: UnauthorizedError['why'] = 'internal',
  ): UnauthorizedError {
    this.#hub.report({ error: cause, where: 'authorizer', channel: request.channel })
    return new UnauthorizedError(request.channel, { cause, why })
  }

  #release(): void {
    this.#running--
    const [next] = this.#queue
    if (!next) return
    this.#queue.delete(next)
    next()
  }
}

function isGrant(value: unknown): value is Grant {
  return typeof value === 'object' && value !== null && typeof (value as Grant).allowed === 'boolean'
}
