import type { ClientFrame, FrameOf } from './frames.ts'
import type { Off } from './listeners.ts'

/** Answers a question of the server. */
export type AnswerHandler = (data: unknown) => unknown

/** How many questions may be worked on at once; the server is told `limit` about the rest. */
const MAX_OPEN = 64

/** What the server may ask, and who answers. */
export class Questions {
  readonly #handlers = new Map<string, AnswerHandler>()
  readonly #report: (error: unknown) => void
  #open = 0

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** A second handler for a question replaces the first. */
  answer(question: string, handler: AnswerHandler): Off {
    this.#handlers.set(question, handler)
    return () => {
      if (this.#handlers.get(question) === handler) this.#handlers.delete(question)
    }
  }

  /** Has a question answered. `reply` is called once, with the answer or a word for what went wrong. */
  ask({ method, data }: FrameOf<'ask'>, reply: (frame: ClientFrame) => void): void {
    const handler = this.#handlers.get(method)
    if (!handler || this.#open >= MAX_OPEN) {
      reply({ op: 'answer', error: handler ? 'limit' : 'unknown' })
      return
    }
    this.#open++
    void Promise.resolve(data)
      .then(handler)
      .then((answer) => reply({ op: 'answer', data: answer ?? null }))
      .catch((error: unknown) => {
        this.#report(error)
        reply({ op: 'answer', error: 'internal' })
      })
      .finally(() => this.#open--)
  }
}
