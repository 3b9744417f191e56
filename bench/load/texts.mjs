import { payload } from '../fan-out/payload.mjs'

const LONG_BYTES = 4_096
const JSON_BYTES = 1_024
const COLOURS = ['amber', 'azure', 'coral', 'ivory', 'olive', 'slate', 'umber']

/** @typedef {'short' | 'long' | 'json'} TextKind */

/**
 * What messages look like: their length, and the message with a number. All of a kind are equally long, and ASCII.
 *
 * @type {Record<TextKind, { bytes: number, text: (number: number) => string }>}
 */
const kinds = {
  short: { bytes: payload(0).length, text: payload },
  long: { bytes: LONG_BYTES, text: (number) => payload(number).padEnd(LONG_BYTES, '.') },
  json: { bytes: JSON_BYTES, text: json },
}

/** @param {TextKind} kind */
export function textsOf(kind) {
  return kinds[kind]
}

/**
 * What an application might send: names that repeat and values that do not, so that there is something to compress, and
 * not everything can be.
 *
 * @param {number} number
 */
function json(number) {
  const items = Array.from({ length: 12 }, (_, at) => {
    const mixed = Math.imul(number * 31 + at + 1, 0x9e37_79b1) >>> 0
    return {
      id: mixed,
      price: (mixed % 99_991) / 100,
      colour: COLOURS[mixed % COLOURS.length],
      stock: mixed % 997,
      open: mixed % 3 > 0,
    }
  })
  const begun = JSON.stringify({ number, items, note: '' }).slice(0, -2)
  return `${begun.padEnd(JSON_BYTES - 2, 'and so on ')}"}`
}
