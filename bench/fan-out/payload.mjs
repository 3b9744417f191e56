/** Bytes of every payload; ASCII, so also its length. */
export const PAYLOAD_BYTES = 128

const FILLER = ' fanfare'.repeat(PAYLOAD_BYTES / 8).slice(0, PAYLOAD_BYTES - 8)

/** The payload of a message: its number and a filler, so that a missing or swapped message shows. @param {number} number */
export function payload(number) {
  return String(number % 100_000_000).padStart(8, '0') + FILLER
}

/** @param {number} first @param {number} many */
export function payloads(first, many) {
  return Array.from({ length: many }, (_, index) => payload(first + index))
}
