import type { Budget, Holder } from '@fanfare/core'

/** An answer that is not acknowledged is given so often. A client whose answers get lost asks again, but not for ever. */
const MOST = 8

/**
 * The copies of an answer that is asked for again and again: sockets that nobody reads hold every one of them, so all but the
 * first count on the node's budget for what waits for clients.
 */
export class AnswerCopies implements Holder {
  heldBytes = 0
  readonly #budget: Budget
  readonly #tooMany: () => void
  #count = 0

  /** @param tooMany - called when the node has too much of them: the client is to be cut off */
  constructor(budget: Budget, tooMany: () => void) {
    this.#budget = budget
    this.#tooMany = tooMany
  }

  evict(): void {
    this.#tooMany()
  }

  /** It is about to be given, or given again. `false`: that was too often. */
  given(bytes: number): boolean {
    if (this.#count === MOST) return false
    this.#budget.hold(this, this.#count * bytes)
    this.#count++
    return true
  }

  /** It was acknowledged, or nobody is there to do so. */
  end(): void {
    this.#count = 0
    this.#budget.hold(this, 0)
  }
}
