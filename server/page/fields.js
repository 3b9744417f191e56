/**
 * The members of what came over the network; none when it is no object. Whatever they are called, they may be anything.
 *
 * @param {unknown} value
 * @returns {Readonly<Record<string, unknown>>}
 */
export function fields(value) {
  return typeof value === 'object' && value !== null ? /** @type {Record<string, unknown>} */ (value) : {}
}

/**
 * The members of a JSON text; none when it is none.
 *
 * @param {string} text
 */
export function parse(text) {
  try {
    return fields(JSON.parse(text))
  } catch {
    return {}
  }
}

/**
 * A word or a number that came over the network, as text; empty when it is neither.
 *
 * @param {unknown} value
 */
export function text(value) {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
