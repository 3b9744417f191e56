/** At first for so many; twice as many whenever that is not enough. */
const LEAST_BYTES = 2_048

/** Bytes that are only ever added to. A part of them stays as it is: what is new stands behind, or all is copied first. */
export class GrowingBytes {
  #buffer = Buffer.allocUnsafeSlow(LEAST_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Makes room for so many bytes more, and has them filled in. @param fill - is given where, and from which byte on */
  add(bytes: number, fill: (into: Buffer, at: number) => void): void {
    if (this.#length + bytes > this.#buffer.length) this.#grow(this.#length + bytes)
    fill(this.#buffer, this.#length)
    this.#length += bytes
  }

  /** Not to be changed. */
  part(from: number, to: number): Buffer {
    return this.#buffer.subarray(from, to)
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
