/** Bytes of every message; ASCII, so also its length. */
export const MESSAGE_BYTES = 128

/** What the messages call: one of several that the server knows. */
export const METHODS = ['join', 'add', 'edit', 'remove', 'leave']
const METHOD = 'add'

/**
 * A call without an `id`, which asks for no answer; the twin reads `method` and `data` of the same text.
 *
 * @param {number} number - what the handler has to get
 */
export function message(number) {
  const bare = JSON.stringify({ op: 'call', method: METHOD, data: { number, text: '' } })
  const filler = ' fanfare'.repeat(MESSAGE_BYTES / 8).slice(0, MESSAGE_BYTES - bare.length)
  return JSON.stringify({ op: 'call', method: METHOD, data: { number, text: filler } })
}
