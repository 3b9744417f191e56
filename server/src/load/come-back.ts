/** Close codes from here on: come back soon. */
const SOON = 4200
const LATER = 4100
const NEVER = 4000
const END = 4300
const ORDINARY = 1000

const SOON_MS = 1_000
const FIRST_MS = 1_000
const LONGEST_MS = 10_000

/**
 * When a client comes back whose connection ended, in milliseconds; `undefined` for never. As the protocol says of close
 * codes, at a moment of its own.
 *
 * @param attempt - how often it failed since it was last connected, from 0
 * @param chance - from 0 to below 1
 */
export function comeBackAfter(code: number, attempt: number, chance: number): number | undefined {
  if (code === ORDINARY || (code >= NEVER && code < LATER)) return undefined
  if (code >= SOON && code < END) return chance * SOON_MS
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt)
  return most * (1 + chance) * 0.5
}
