interface Waiter {
  readonly subject: string | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** So many round trips may be under way: what is published meanwhile shares the next one. */
const ROUND_TRIPS = 4

/**
 * Knows when the server has what was sent. NATS acknowledges no publish by itself, but it answers a PING only after
 * everything that was sent before; so many publishes share one.
 */
export class Acknowledgements {
  readonly #flush: () => Promise<void>
  /** What was sent since the last PING. */
  #open: Set<Waiter> = new Set()
  /** What was sent before a PING that is not settled, the oldest first. */
  readonly #sent = new Set<Set<Waiter>>()
  #roundTrips = 0
  #scheduled = false
  #ended: Error | undefined

  /** @param flush - sends a PING; resolves with the PONG */
  constructor(flush: () => Promise<void>) {
    this.#flush = flush
  }

  /** Resolves when the server has all that was sent before the call. Rejects when it is not known. */
  confirmed(subject?: string): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      this.#open.add({ subject, resolve, reject })
      this.#schedule()
    })
  }

  /**
   * The server said no to something sent to `subject`. It says so once for each, and in order: the oldest that waits is
   * meant.
   */
  refuse(subject: string, error: Error): void {
    for (const waiters of [...this.#sent, this.#open]) {
      for (const waiter of waiters) {
        if (waiter.subject !== subject) continue
        waiters.delete(waiter)
        waiter.reject(error)
        return
      }
    }
  }

  /** Rejects whatever waits, and everything after. Idempotent. */
  end(error: Error): void {
    if (this.#ended) return
    this.#ended = error
    for (const waiters of [...this.#sent, this.#open]) fail(waiters, error)
    this.#sent.clear()
    this.#open = new Set()
  }

  #schedule(): void {
    if (this.#scheduled || this.#roundTrips >= ROUND_TRIPS) return
    this.#scheduled = true
    // What is published in one go shares a round trip.
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.#open.size > 0 && !this.#ended) this.#roundTrip()
    })
  }

  #roundTrip(): void {
    const waiters = this.#open
    this.#open = new Set()
    this.#sent.add(waiters)
    this.#roundTrips++
    this.#flush().then(
      () => {
        this.#back()
        // Errors that came before the PONG reach us through an iterator, a few microtasks after it.
        setImmediate(() => this.#settle(waiters))
      },
      (error: unknown) => {
        this.#back()
        this.#sent.delete(waiters)
        fail(waiters, error)
      },
    )
  }

  #back(): void {
    this.#roundTrips--
    if (this.#open.size > 0) this.#schedule()
  }

  #settle(waiters: Set<Waiter>): void {
    if (!this.#sent.delete(waiters)) return
    for (const waiter of waiters) waiter.resolve()
  }
}

function fail(waiters: Iterable<Waiter>, error: unknown): void {
  for (const waiter of waiters) waiter.reject(error)
}
