import type { Ref } from '../contract/protocol.ts'
import { CancelledError, FanfareError, LimitError } from '../ground/errors.ts'
import type { Payload } from '../ground/payload.ts'
import type { Cancel } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'

interface Pending {
  readonly resolve: (answer: Payload | undefined) => void
  readonly reject: (error: Error) => void
  readonly cancel: Cancel
}

/** How many questions to one client may be open. */
const MOST = 64

/** What the server asked one client and has no answer to yet. */
export class Questions {
  readonly #wheel: TimerWheel
  readonly #pending = new Map<Ref, Pending>()
  #last = 0

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel
  }

  /**
   * Resolves with the answer. Rejects with a FanfareError: `timeout`, `answer-error` when the client answered with an
   * error, `cancelled` when it went, `limit` when too many questions are open.
   *
   * @param put - puts the question, under this ref
   */
  ask(timeoutMs: number, put: (ref: Ref) => void): Promise<Payload | undefined> {
    if (this.#pending.size >= MOST) return Promise.reject(new LimitError('questions per client', MOST))
    const ref = ++this.#last
    return new Promise((resolve, reject) => {
      const cancel = this.#wheel.after(timeoutMs, () => {
        this.#pending.delete(ref)
        reject(new FanfareError('timeout', 'the client did not answer in time'))
      })
      this.#pending.set(ref, { resolve, reject, cancel })
      put(ref)
    })
  }

  /** The client answered. `false`: to a question that is not open. */
  answer(ref: Ref, data: Payload | undefined, error: string | undefined): boolean {
    const pending = this.#pending.get(ref)
    if (!pending) return false
    this.#pending.delete(ref)
    pending.cancel()
    if (error === undefined) pending.resolve(data)
    else pending.reject(new FanfareError('answer-error', error))
    return true
  }

  /** The client is gone. */
  end(): void {
    for (const { reject, cancel } of this.#pending.values()) {
      cancel()
      reject(new CancelledError('the client is gone'))
    }
    this.#pending.clear()
  }
}
