import { summary } from '../lib/statistics.mjs'
import { target } from '../lib/targets.mjs'

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {import('./measure.mjs').Slice} Slice */

const MOST = 2
const NAMES = /** @type {const} */ (['fanfare', 'floor'])

/** @param {readonly Row[]} rows @param {{ subscribers: number }} plan */
export function evaluate(rows, { subscribers }) {
  const results = NAMES.map((name) =>
    resultOf(
      name,
      rows.map((row) => row[name]),
    ),
  )
  const ratio = (/** @type {(slice: Slice) => number} */ pick) =>
    summary(rows.map(({ fanfare, floor }) => pick(fanfare) / pick(floor)))
  const ratios = { wall: ratio(({ wallMs }) => wallMs), cpu: ratio(({ cpuMs }) => cpuMs) }
  const targets = [
    target({
      work: `${subscribers} clients join a presence channel`,
      ours: 'fanfare-native',
      against: 'net',
      unit: 'wall',
      most: MOST,
      is: ratios.wall.median,
    }),
  ]
  return { results, ratios, targets }
}

/** @param {typeof NAMES[number]} name @param {readonly Slice[]} slices */
function resultOf(name, slices) {
  const of = (/** @type {(slice: Slice) => number} */ pick) => summary(slices.map(pick))
  return {
    name,
    wall: of(({ wallMs }) => wallMs),
    cpu: of(({ cpuMs }) => cpuMs),
    bytes: of(({ bytes }) => bytes),
    frames: of(({ frames }) => frames),
    writes: of(({ writes }) => writes),
  }
}
