const FIN = 0x80
const RSV1 = 0x40
const MASKED = 0x80
const MASK_BYTES = 4
const PING = 0x9
const PONG = 0xa

/**
 * Follows the frames in a stream of bytes (RFC 6455, section 5.2), and keeps nothing of them: where a message begins and
 * ends, in how many pieces it comes, and how many pings and pongs there are. What is no legal frame is for `ws` to refuse.
 */
export class FrameScan {
  /** Messages that ended in the chunk read last. */
  finished = 0
  /** Pings and pongs that began in the chunk read last. */
  controls = 0
  /** Frames of the message that has begun and has not ended; 0 between messages. */
  fragments = 0
  /** Size of that message as far as it is announced, in bytes: as it comes, which may be compressed. */
  announced = 0
  /** Of the whole frames of that message, when it is compressed: their bytes, which are inflated by now. */
  inflated = 0
  /** Bytes of the frame at hand that are still to come. */
  #left = 0
  #length = 0
  /** What came of a head that is not whole. */
  #head: number[] = []
  #control = false
  #final = false
  #deflated = false

  /** Nothing has begun that has not ended. */
  get atRest(): boolean {
    return this.#left === 0 && this.fragments === 0 && this.#head.length === 0
  }

  read(chunk: Uint8Array): void {
    this.finished = this.controls = 0
    for (let at = 0; at < chunk.length;) {
      if (this.#left === 0) at = this.#readHead(chunk, at)
      else {
        const bytes = Math.min(this.#left, chunk.length - at)
        this.#left -= bytes
        at += bytes
        if (this.#left === 0) this.#end()
      }
    }
  }

  /** Reads a head, or what there is of it. Returns where to read on. */
  #readHead(chunk: Uint8Array, from: number): number {
    const head = this.#head
    if (head.length === 0 && from + 2 <= chunk.length) {
      const size = headSize(chunk[from + 1] ?? 0)
      if (from + size <= chunk.length) {
        this.#begin(chunk, from)
        return from + size
      }
    }
    let at = from
    while (at < chunk.length) {
      head.push(chunk[at++] ?? 0)
      if (head.length >= 2 && head.length === headSize(head[1] ?? 0)) {
        this.#head = []
        this.#begin(head, 0)
        break
      }
    }
    return at
  }

  #begin(head: ArrayLike<number>, at: number): void {
    const [first, second] = [head[at] ?? 0, head[at + 1] ?? 0]
    const opcode = first & 0x0f
    this.#length = lengthOf(head, at)
    this.#left = this.#length + (second >= MASKED ? MASK_BYTES : 0)
    this.#control = opcode >= 8
    if (opcode === PING || opcode === PONG) this.controls++
    else if (!this.#control) this.#beginData(first, opcode !== 0)
    if (this.#left === 0) this.#end()
  }

  #beginData(first: number, isNew: boolean): void {
    if (isNew) {
      this.fragments = this.announced = this.inflated = 0
      this.#deflated = (first & RSV1) !== 0
    }
    this.fragments++
    this.announced += this.#length
    this.#final = (first & FIN) !== 0
  }

  #end(): void {
    if (this.#control) return
    if (this.#final) {
      this.finished++
      this.fragments = this.announced = this.inflated = 0
    } else if (this.#deflated) this.inflated += this.#length
  }
}

/** Without the mask. */
function headSize(second: number): number {
  const length = second & 0x7f
  if (length < 126) return 2
  return length === 126 ? 4 : 10
}

function lengthOf(head: ArrayLike<number>, at: number): number {
  const length = (head[at + 1] ?? 0) & 0x7f
  if (length < 126) return length
  const end = at + (length === 126 ? 4 : 10)
  let sum = 0
  for (let next = at + 2; next < end; next++) sum = sum * 256 + (head[next] ?? 0)
  return sum
}
