import type { Frame } from '@fanfare/core'

/** A frame as it is written: escaped text can be several times as long as what it says. */
export interface Written {
  readonly text: string
  /** In UTF-8. */
  readonly bytes: number
}

/** What frames are on the wire, made once for all who get them. */
export class Wire {
  readonly #encode: (frame: Frame) => string
  readonly #utf8Size: (text: string) => number
  readonly #made = new WeakMap<Frame, Written>()

  constructor(encode: (frame: Frame) => string, utf8Size: (text: string) => number) {
    this.#encode = encode
    this.#utf8Size = utf8Size
  }

  of(frame: Frame): Written {
    // An answer goes to one client; every other frame probably to more than one.
    if (frame.lane === 'control') return this.#write(frame)
    let written = this.#made.get(frame)
    if (written === undefined) this.#made.set(frame, (written = this.#write(frame)))
    return written
  }

  #write(frame: Frame): Written {
    const text = this.#encode(frame)
    return { text, bytes: this.#utf8Size(text) }
  }
}
