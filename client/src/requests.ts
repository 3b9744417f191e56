import type { Cancel } from '@fanfare/core/contract'

import { FanfareClientError } from './errors.ts'
import type { ErrFrame, OkFrame } from './frames.ts'
import type { AbortSignalLike, ClientPlatform } from './platform.ts'

/** How long to wait for an answer. */
export interface RequestOptions {
  /** Milliseconds; 0 waits for ever. @defaultValue the client's `requestTimeoutMs` */
  readonly timeoutMs?: number | undefined
  /** Gives up at once; what was sent is not unsent. */
  readonly signal?: AbortSignalLike | undefined
}

/** Who waits for an answer. Exactly one of the two is called, once, unless the request is forgotten. */
export interface Waiting {
  answered(frame: OkFrame): void
  failed(error: FanfareClientError): void
}

interface Pending {
  readonly waiting: Waiting
  readonly done: Cancel
}

/** The requests that wait for an answer, by the id that the server echoes. */
export class Requests {
  readonly #pending = new Map<number, Pending>()
  readonly #platform: ClientPlatform
  #last = 0

  constructor(platform: ClientPlatform) {
    this.#platform = platform
  }

  /** Returns the id to send. Its answer, or its failure, is told later, never from within this call. */
  add(waiting: Waiting, { timeoutMs = 0, signal }: RequestOptions): number {
    const id = ++this.#last
    const cancelTimer =
      timeoutMs > 0
        ? this.#platform.scheduler.after(timeoutMs, () =>
            this.fail(id, new FanfareClientError('timeout', `no answer within ${String(timeoutMs)} ms`)),
          )
        : undefined
    const abort = (): void => {
      this.fail(id, aborted(signal))
    }
    signal?.addEventListener('abort', abort)
    this.#pending.set(id, {
      waiting,
      done: () => {
        cancelTimer?.()
        signal?.removeEventListener('abort', abort)
      },
    })
    return id
  }

  answer(frame: OkFrame): void {
    this.#take(frame.id)?.waiting.answered(frame)
  }

  fail(id: number, error: FanfareClientError): void {
    this.#take(id)?.waiting.failed(error)
  }

  /** Nobody waits for it any more. */
  forget(id: number): void {
    this.#take(id)
  }

  /** Fails all but those to keep. */
  failAll(error: FanfareClientError, keep: (id: number) => boolean = () => false): void {
    for (const id of [...this.#pending.keys()]) {
      if (!keep(id)) this.fail(id, error)
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.done()
    return pending
  }
}

/** The error for a signal that fired. */
export function aborted(signal: AbortSignalLike | undefined): FanfareClientError {
  return new FanfareClientError('aborted', 'the caller gave up', { cause: signal?.reason })
}

/** What the server refused, as an error. */
export function refused({ code, message, channel, after }: ErrFrame): FanfareClientError {
  return new FanfareClientError(code, message ?? `the server answered ${code}`, {
    by: 'server',
    channel,
    afterMs: after,
  })
}
