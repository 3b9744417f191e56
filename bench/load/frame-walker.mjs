/** How much of a payload a visitor is shown at least, or all of a shorter one. */
const PEEK_BYTES = 8
const MOST_HEAD_BYTES = 10
const NOTHING = Buffer.alloc(0)

/**
 * Where a frame is: `first` is its first byte, `length` the length of its payload, of which at least the first eight bytes
 * stand in `bytes` from `start` on.
 *
 * @typedef {(first: number, length: number, bytes: Buffer, start: number) => void} Visitor
 */

/** Walks from head to head through the frames that a server sends, without looking at their payloads. */
export class FrameWalker {
  #visit
  /** Bytes of the payload under way that are still to come. */
  #skip = 0
  /** The beginning of a frame of which not enough came. */
  #begun = NOTHING

  /** @param {Visitor} visit */
  constructor(visit) {
    this.#visit = visit
  }

  /** @param {number} size - of the bytes that came @param {Buffer} bytes - may be used again afterwards */
  take(size, bytes) {
    if (this.#begun.length > 0) return this.#resume(size, bytes)
    this.#walk(size, bytes)
  }

  /** Puts together the frame that was cut. @param {number} size @param {Buffer} bytes */
  #resume(size, bytes) {
    const whole = Buffer.concat([this.#begun, bytes.subarray(0, size)])
    this.#begun = NOTHING
    this.#walk(whole.length, whole)
  }

  /** @param {number} size @param {Buffer} bytes */
  #walk(size, bytes) {
    let at = this.#skip
    while (at < size) {
      const short = (at + 1 < size ? bytes[at + 1] : undefined) ?? 127
      const head = short < 126 ? 2 : short === 126 ? 4 : MOST_HEAD_BYTES
      const length = short < 126 ? short : at + head <= size ? longLength(bytes, at, short) : PEEK_BYTES
      if (at + head + Math.min(length, PEEK_BYTES) > size) {
        this.#begun = Buffer.from(bytes.subarray(at, size))
        this.#skip = 0
        return
      }
      this.#visit(bytes[at] ?? 0, length, bytes, at + head)
      at += head + length
    }
    this.#skip = at - size
  }
}

/** @param {Buffer} bytes @param {number} at @param {number} short */
function longLength(bytes, at, short) {
  return short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

/** Puts whole frames together: dearer than {@link FrameWalker}, for a sample of the clients. */
export class FrameReader {
  #visit
  /** @type {Buffer[]} */
  #pieces = []
  #size = 0
  /** Nothing can be complete with fewer bytes. */
  #needed = 0

  /** @param {(first: number, payload: Buffer) => void} visit */
  constructor(visit) {
    this.#visit = visit
  }

  /** @param {number} size @param {Buffer} bytes - may be used again afterwards */
  take(size, bytes) {
    this.#pieces.push(Buffer.from(bytes.subarray(0, size)))
    this.#size += size
    if (this.#size < this.#needed) return
    const whole = Buffer.concat(this.#pieces)
    const rest = whole.subarray(this.#read(whole))
    this.#pieces = [rest]
    this.#size = rest.length
  }

  /** Returns where the first frame begins that is not complete. @param {Buffer} bytes */
  #read(bytes) {
    let at = 0
    for (;;) {
      const short = (bytes[at + 1] ?? 0) & 127
      const head = short < 126 ? 2 : short === 126 ? 4 : MOST_HEAD_BYTES
      this.#needed = head
      if (at + head > bytes.length) return at
      const length = short < 126 ? short : longLength(bytes, at, short)
      this.#needed = head + length
      if (at + head + length > bytes.length) return at
      this.#visit(bytes[at] ?? 0, bytes.subarray(at + head, at + head + length))
      at += head + length
    }
  }
}
