import type { Frame, FrameRun } from '@fanfare/core'

import { GrowingBytes } from './growing-bytes.ts'

/** A list of frames as it goes out, as far as it was asked for. */
interface EncodedList {
  readonly bytes: GrowingBytes
  /** Where each frame ends. */
  readonly ends: number[]
}

/** The wire forms of runs of frames: each list is encoded once, for all who are sent a part of it. */
export class RunBytes {
  readonly #lists = new WeakMap<FrameRun['list'], EncodedList>()
  readonly #encode: (frame: Frame) => Buffer

  /** @param encode - the wire form of one frame */
  constructor(encode: (frame: Frame) => Buffer) {
    this.#encode = encode
  }

  /** Not to be changed: others are sent the same memory. */
  of({ list, from, to }: FrameRun): Buffer {
    let encoded = this.#lists.get(list)
    if (!encoded) this.#lists.set(list, (encoded = { bytes: new GrowingBytes(), ends: [] }))
    const { bytes, ends } = encoded
    for (const frame of list.slice(ends.length, to)) {
      const wire = this.#encode(frame)
      bytes.add(wire.length, (into, at) => wire.copy(into, at))
      ends.push(bytes.length)
    }
    return bytes.part(ends[from - 1] ?? 0, ends[to - 1] ?? 0)
  }
}
