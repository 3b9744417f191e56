import type { Platform } from '../ground/platform.ts'

const DRAWN_AT_ONCE = 128
const BYTES_PER_ID = 8

/**
 * Client ids of the form `digits.digits`, the only one that the Pusher SDKs accept: first a number for the node, so that
 * an id can be routed, then 64 bits that nobody can guess.
 */
export class ClientIds {
  readonly #platform: Platform
  #node: number | undefined
  #pool = new Uint32Array(0)
  #at = 0

  /** @param node - 32 random bits unless given */
  constructor(platform: Platform, node?: number) {
    this.#platform = platform
    this.#node = node
  }

  get node(): number {
    return (this.#node ??= this.#draw())
  }

  next(): string {
    // Joined, because what is concatenated keeps its parts: an id lives as long as its client.
    return [this.node, '.', this.#draw(), String(this.#draw()).padStart(10, '0')].join('')
  }

  #draw(): number {
    if (this.#at >= this.#pool.length) {
      const bytes = this.#platform.randomBytes(DRAWN_AT_ONCE * BYTES_PER_ID)
      // A copy: the bytes may be a view into a bigger buffer, at any offset.
      this.#pool = new Uint32Array(new Uint8Array(bytes).buffer)
      this.#at = 0
    }
    return this.#pool[this.#at++] ?? 0
  }
}
