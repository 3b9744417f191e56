import type { Platform } from '../ground/platform.ts'

const DRAWN_AT_ONCE = 128
const BYTES_PER_ID = 8

/**
 * Client ids of the form `digits.digits`, the only one that the Pusher SDKs accept: first a number for the node, so that
 * an id can be routed, then 64 bits that nobody can guess.
 */
export function clientIds(platform: Platform): () => string {
  let pool = new Uint32Array(0)
  let at = 0
  let node: number | undefined
  const draw = (): number => {
    if (at >= pool.length) {
      const bytes = platform.randomBytes(DRAWN_AT_ONCE * BYTES_PER_ID)
      // A copy: the bytes may be a view into a bigger buffer, at any offset.
      pool = new Uint32Array(new Uint8Array(bytes).buffer)
      at = 0
    }
    return pool[at++] ?? 0
  }
  return () => {
    node ??= draw()
    return `${String(node)}.${String(draw())}${String(draw()).padStart(10, '0')}`
  }
}
