import type { Frame } from '@fanfare/core'

/** What frames are on the wire, made once for all who get them. */
export class Wire {
  readonly #encode: (frame: Frame) => string
  readonly #made = new WeakMap<Frame, string>()

  constructor(encode: (frame: Frame) => string) {
    this.#encode = encode
  }

  of(frame: Frame): string {
    // An answer goes to one client; every other frame probably to more than one.
    if (frame.lane === 'control') return this.#encode(frame)
    let text = this.#made.get(frame)
    if (text === undefined) this.#made.set(frame, (text = this.#encode(frame)))
    return text
  }
}
