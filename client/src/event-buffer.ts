/**
 * What an asynchronous iterator has not taken yet: bounded, so that a slow reader costs its own messages and not memory.
 * When it is full the oldest goes, and the reader is told how many are missing before the next one it gets.
 */
export class EventBuffer<Value> implements AsyncIterableIterator<Value> {
  readonly #limit: number
  readonly #hole: (value: Value, missed: number) => Value
  readonly #onEnd: (buffer: EventBuffer<Value>) => void
  readonly #values: Value[] = []
  #readers: ((result: Promise<IteratorResult<Value>> | IteratorResult<Value>) => void)[] = []
  #missed = 0
  #ended = false
  #error: Error | undefined

  /**
   * @param limit - how many values may wait
   * @param hole - marks a value before which `missed` others were dropped
   * @param onEnd - called once when nothing more is wanted
   */
  constructor(
    limit: number,
    hole: (value: Value, missed: number) => Value,
    onEnd: (buffer: EventBuffer<Value>) => void,
  ) {
    this.#limit = limit
    this.#hole = hole
    this.#onEnd = onEnd
  }

  push(value: Value): void {
    if (this.#ended) return
    const reader = this.#readers.shift()
    if (reader) {
      reader({ done: false, value })
      return
    }
    if (this.#values.length >= this.#limit) {
      this.#values.shift()
      this.#missed++
    }
    this.#values.push(value)
  }

  /** Nothing more comes. What waits can still be read; after it the error is thrown, if there is one. */
  end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) reader(this.#finish())
    this.#onEnd(this)
  }

  next(): Promise<IteratorResult<Value>> {
    const value = this.#values.shift()
    if (value !== undefined) {
      const missed = this.#missed
      this.#missed = 0
      return Promise.resolve({ done: false, value: missed > 0 ? this.#hole(value, missed) : value })
    }
    if (this.#ended) return this.#finish()
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  return(): Promise<IteratorResult<Value>> {
    this.#values.length = 0
    this.end()
    return this.#finish()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The error is thrown once, as iterators do. */
  #finish(): Promise<IteratorResult<Value>> {
    const error = this.#error
    this.#error = undefined
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined })
  }
}
