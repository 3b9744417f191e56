import { rounded, summary } from '../lib/statistics.mjs'
import { target } from '../lib/targets.mjs'

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {import('./measure.mjs').Slice} Slice */

const MOST = 1.25
const KINDS = /** @type {const} */ (['reading', 'stalled'])

/** @param {readonly Row[]} rows */
export function evaluate(rows) {
  const results = KINDS.map((kind) =>
    resultOf(
      kind,
      rows.map((row) => row[kind]),
    ),
  )
  const ratio = (/** @type {(slice: Slice) => number} */ pick) =>
    summary(rows.map(({ reading, stalled }) => pick(stalled) / pick(reading)))
  const ratios = {
    p50: ratio(({ all }) => all.p50),
    p99: ratio(({ all }) => all.p99),
    cpu: ratio(({ cpu }) => cpu),
  }
  const targets = [
    target({
      work: 'latency of all others while one client reads nothing',
      ours: 'fanfare-plain with it',
      against: 'fanfare-plain without it',
      unit: 'p99',
      most: MOST,
      is: ratios.p99.median,
    }),
  ]
  return { results, ratios, targets }
}

/** @param {typeof KINDS[number]} kind @param {readonly Slice[]} slices */
function resultOf(kind, slices) {
  const of = (/** @type {(slice: Slice) => number} */ pick) => summary(slices.map(pick))
  return {
    name: kind,
    achieved: of(({ perSecond }) => perSecond),
    p50: of(({ all }) => all.p50),
    p99: of(({ all }) => all.p99),
    max: rounded(Math.max(...slices.map(({ all }) => all.max))),
    cpu: of(({ cpu }) => cpu),
    floodBytes: of(({ floodBytes }) => floodBytes),
    queued: of(({ queued }) => queued),
    lost: of(({ lost }) => lost),
    closed: slices.filter(({ closed }) => closed).length,
  }
}

/** A slice in which the stalled client was not behind says nothing. @param {readonly Row[]} rows */
export function faultsOf(rows) {
  return rows.flatMap(({ stalled, reading }, round) => {
    const faults = []
    const { queued, lost, messages, closed } = stalled
    if (!closed && (queued === 0 || lost < messages)) {
      faults.push(
        `round ${round + 1}: the stalled client lost ${lost} of ${messages} messages, ${queued} waited`,
      )
    }
    if (reading.lost > 0 || reading.closed)
      faults.push(`round ${round + 1}: a client that reads lost messages`)
    return faults
  })
}
