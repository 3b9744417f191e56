import type { Holder } from '@fanfare/core'

/**
 * Why a body was not read to its end: it is larger than it may be; it took too long; too many bytes are on their way to the
 * node; another of the same client is under way; it came in pieces so small that reading them costs more than their bytes; the
 * client went.
 */
export type BodyFault = 'too-large' | 'timeout' | 'rate' | 'conflict' | 'pieces' | 'gone'

/** What a request that is being read takes beside the bytes of its body, about. */
const REQUEST_BYTES = 2_048
const LEAST_BYTES = 1_024
/** So many pieces may be of any size, */
const FREE_PIECES = 256
/** and each after these has to bring so many bytes on average. */
const PIECE_BYTES = 128

/** What is read when the client went. */
const GONE = { done: false, value: null } as const

/** What a body that is being read asks of who reads it. */
export interface BodyReader {
  /** In bytes. */
  readonly limit: number
  /** It holds so many bytes now. May {@link Body.stop} it. */
  holds(body: Body, bytes: number): void
  /** So many bytes came so far. `false`: it must not go on. */
  came(bytes: number): boolean
}

/** One body on its way in. */
export class Body implements Holder {
  heldBytes = 0
  readonly #stream: ReadableStreamDefaultReader<Uint8Array>
  readonly #reader: BodyReader
  /** Copied together: a piece may be a small part of a large buffer. */
  #bytes = new Uint8Array(0)
  #length = 0
  #pieces = 0
  #fault: BodyFault | undefined

  constructor(stream: ReadableStream<Uint8Array>, reader: BodyReader) {
    this.#stream = stream.getReader()
    this.#reader = reader
  }

  async read(): Promise<Uint8Array | BodyFault> {
    this.#reader.holds(this, REQUEST_BYTES)
    while (this.#fault === undefined) {
      const { done, value } = await this.#stream.read().catch(() => GONE)
      if (value === null) this.#fault ??= 'gone'
      if (this.#fault !== undefined || value === null) break
      if (done) return this.#bytes.subarray(0, this.#length)
      this.#take(value)
    }
    this.#bytes = new Uint8Array(0)
    return this.#fault ?? 'gone'
  }

  evict(): void {
    this.stop('rate')
  }

  /** Reads no further. */
  stop(fault: BodyFault): void {
    if (this.#fault !== undefined) return
    this.#fault = fault
    // Whoever waits for the next piece is told that there is none.
    this.#stream.cancel().catch(() => {})
  }

  #take(piece: Uint8Array): void {
    const length = this.#length + piece.byteLength
    if (length > this.#reader.limit) this.stop('too-large')
    else if (++this.#pieces > FREE_PIECES + length / PIECE_BYTES) this.stop('pieces')
    else if (!this.#reader.came(length)) this.stop('conflict')
    else {
      if (length > this.#bytes.length) this.#grow(length)
      if (this.#fault !== undefined) return
      this.#bytes.set(piece, this.#length)
      this.#length = length
    }
  }

  #grow(length: number): void {
    const { limit } = this.#reader
    const size = Math.min(limit, Math.max(LEAST_BYTES, length, 2 * this.#bytes.length))
    // Before there are so many.
    this.#reader.holds(this, REQUEST_BYTES + size)
    if (this.#fault !== undefined) return
    const larger = new Uint8Array(size)
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
