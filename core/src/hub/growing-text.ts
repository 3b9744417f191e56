import type { SharedText } from '../contract/shared-text.ts'

/** Text that only grows. What it was at some moment is a beginning of it, and nothing is copied to keep that. */
export class GrowingText {
  readonly pieces: string[] = []
  /** Bytes up to the end of each piece. */
  readonly #ends: number[] = []
  readonly #size: (text: string) => number
  /** The beginning that was put together last: the next one is mostly a little longer. */
  #last = { count: 0, text: '' }

  /** @param size - of text in UTF-8, in bytes */
  constructor(size: (text: string) => number) {
    this.#size = size
  }

  add(piece: string): void {
    this.#ends.push(this.bytesOf(this.pieces.length) + this.#size(piece))
    this.pieces.push(piece)
  }

  /** As it stood when it had so many pieces. */
  beginning(count: number): SharedText {
    return new Beginning(this, count)
  }

  bytesOf(count: number): number {
    return this.#ends[count - 1] ?? 0
  }

  textOf(count: number): string {
    const { count: known, text } = this.#last
    if (count < known) return this.pieces.slice(0, count).join('')
    this.#last = { count, text: text + this.pieces.slice(known, count).join('') }
    return this.#last.text
  }
}

class Beginning implements SharedText {
  readonly #whole: GrowingText
  readonly count: number

  constructor(whole: GrowingText, count: number) {
    this.#whole = whole
    this.count = count
  }

  get pieces(): readonly string[] {
    return this.#whole.pieces
  }

  get bytes(): number {
    return this.#whole.bytesOf(this.count)
  }

  get text(): string {
    return this.#whole.textOf(this.count)
  }
}
