/**
 * Whether and when to come back after a connection ended. Pure functions; the rules are those of the close codes:
 * 4000–4099 for good, 4100–4199 later, 4200–4299 soon, anything else as the network allows.
 */

/** The longest pause between two attempts. */
const LONGEST_MS = 10_000

/**
 * @param {number} code - the close code; 1006 when there was none
 * @param {{ retry?: unknown } | undefined} bye - the server's last words, if it had any
 */
export function mayReturn(code, bye) {
  return bye?.retry !== false && !(code >= 4000 && code <= 4099)
}

/**
 * Exponential, with full jitter: when a server restarts, its clients must not all come back in the same moment.
 *
 * @param {number} attempt - how many attempts have failed since it last went well
 * @param {number} code - the close code
 * @param {() => number} random - from 0 to 1
 * @returns {number} milliseconds
 */
export function pauseBefore(attempt, code, random) {
  const later = code >= 4100 && code <= 4199
  const soon = code >= 4200 && code <= 4299
  const ceiling = Math.min(LONGEST_MS, (soon ? 250 : 500) * 2 ** Math.min(attempt, 10))
  return Math.round((later ? 1000 : 0) + random() * ceiling)
}
