import type { SharedText } from '@fanfare/core'

import { GrowingBytes } from './growing-bytes.ts'

/** The bytes of texts that frames have in common: each piece of such a text is encoded once, for all who are ever sent it. */
export class SharedBytes {
  readonly #wholes = new WeakMap<SharedText['pieces'], { readonly bytes: GrowingBytes; count: number }>()

  /** Not to be changed: others are sent the same memory. */
  of({ pieces, count, bytes }: SharedText): Buffer {
    let whole = this.#wholes.get(pieces)
    if (!whole) this.#wholes.set(pieces, (whole = { bytes: new GrowingBytes(), count: 0 }))
    if (whole.count < count) {
      const text = pieces.slice(whole.count, count).join('')
      whole.bytes.add(bytes - whole.bytes.length, (into, at) => into.write(text, at))
      whole.count = count
    }
    return whole.bytes.part(0, bytes)
  }
}
