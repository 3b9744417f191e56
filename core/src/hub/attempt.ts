import type { Ref } from '../contract/protocol.ts'
import type { Cancel } from '../ground/platform.ts'

interface Waiter {
  readonly ref: Ref | undefined
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * One try of one client to subscribe to one channel. It is the generation: whatever an await brings back counts only
 * while the client still holds this very attempt.
 */
export class Attempt {
  readonly channel: string
  readonly credentials: unknown
  #waiters: Waiter[] = []
  #open = true
  /** Rights have changed since the authorizer was asked: what it says does not count. */
  stale = false
  /** Stops what the attempt waits for. */
  cancelWait: Cancel | undefined

  constructor(channel: string, credentials: unknown) {
    this.channel = channel
    this.credentials = credentials
  }

  get name(): string {
    return this.channel
  }

  /** `false` once it was decided, or called off. */
  get open(): boolean {
    return this.#open
  }

  /** One more who waits for the outcome. */
  join(ref: Ref | undefined): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ ref, resolve, reject }))
  }

  /** It came to nothing. */
  fail(error: Error): void {
    for (const waiter of this.#settle()) waiter.reject(error)
  }

  /** It succeeded. Returns the refs of those who waited, in order; they are resolved. */
  succeed(): (Ref | undefined)[] {
    const waiters = this.#settle()
    for (const waiter of waiters) waiter.resolve()
    return waiters.map((waiter) => waiter.ref)
  }

  #settle(): Waiter[] {
    this.#open = false
    this.cancelWait?.()
    this.cancelWait = undefined
    const waiters = this.#waiters
    this.#waiters = []
    return waiters
  }
}
