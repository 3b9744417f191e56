/** A piece of a stream that has a meaning of its own. */
export interface Frame {
  readonly bytes: Buffer
  /** A message to a subscriber, which may be doubled or change places with the next one. Nothing else may. */
  readonly message: boolean
}

/** Where the frame at the beginning of `bytes` ends; `undefined` while it is not all there. Throws where it is no frame. */
export type EndOfFrame = (bytes: Buffer) => number | undefined

/** A way to take a stream apart. */
export interface Framing {
  readonly end: EndOfFrame
  readonly isMessage: (frame: Buffer) => boolean
}

/** Takes a stream apart, from its first byte on. After something it does not understand, everything passes as it is. */
export class Splitter {
  readonly #framing: Framing
  #rest: Buffer = Buffer.alloc(0)
  #lost = false

  constructor(framing: Framing) {
    this.#framing = framing
  }

  /** The frames that are complete now. */
  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    while (this.#rest.length > 0) {
      const end = this.#end()
      if (end === undefined) break
      const bytes = this.#rest.subarray(0, end)
      frames.push({ bytes, message: !this.#lost && this.#framing.isMessage(bytes) })
      this.#rest = this.#rest.subarray(end)
    }
    return frames
  }

  /** What is left of a frame that was not completed. */
  rest(): Buffer {
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return rest
  }

  #end(): number | undefined {
    if (this.#lost) return this.#rest.length
    try {
      const end = this.#framing.end(this.#rest)
      return end !== undefined && end <= this.#rest.length ? end : undefined
    } catch {
      this.#lost = true
      return this.#rest.length
    }
  }
}
