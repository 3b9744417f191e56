import { spread } from '../lib/percentiles.mjs'
import { median, rounded, summary } from '../lib/statistics.mjs'
import { target } from '../lib/targets.mjs'
import { contestants, OURS, TWIN } from './measure.mjs'

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {import('./measure.mjs').Name} Name */
/** @typedef {import('../lib/pacing.mjs').PacedSlice} PacedSlice */

/**
 * What the time to the last client may be of the twin's. Up to a hundred a second both make one system call per client
 * and message, so they can only be alike: what is above 1 is for noise, and a 99th percentile of few messages has more. A
 * thousand are more than the loop can bear. It holds its source up, so that the calls themselves come late, and there the
 * time counts from when a message was due.
 */
const TARGETS = /** @type {const} */ ([
  { rate: 10, share: 'p50', most: 1.1 },
  { rate: 10, share: 'p99', most: 1.25 },
  { rate: 100, share: 'p50', most: 1.1 },
  { rate: 100, share: 'p99', most: 1.25 },
  { rate: 1_000, share: 'p50Due', most: 0.9 },
  { rate: 1_000, share: 'p99Due', most: 0.9 },
])

/**
 * @param {readonly Row[]} rows
 * @param {{ names: Name[], rates: number[] }} plan
 */
export function evaluate(rows, { names, rates }) {
  const each = rates.flatMap((rate) => names.map((name) => ({ name, rate })))
  const results = each.map(({ name, rate }) => resultOf(name, rate, slicesOf(rows, name, rate)))
  const both = names.length > 1
  const ratios = both ? rates.map((rate) => ({ name: OURS, to: TWIN, rate, ...ratiosOf(rows, rate) })) : []
  const targets = TARGETS.flatMap(({ rate, share, most }) => {
    const is = ratios.find((ratio) => ratio.rate === rate)?.[share].median
    const since = share.endsWith('Due') ? 'when it was due' : 'the call'
    const work = `time to the last client from ${since}, ${rate} messages a second`
    const unit = share.slice(0, 3)
    return is === undefined ? [] : [target({ work, ours: OURS, against: TWIN, unit, most, is })]
  })
  return { results, ratios, targets }
}

/** @param {Name} name @param {number} rate @param {PacedSlice[]} slices */
function resultOf(name, rate, slices) {
  return {
    name,
    title: contestants[name].title,
    rate,
    rounds: slices.length,
    achieved: summary(slices.map(({ perSecond }) => perSecond)),
    cpu: summary(slices.map(({ cpu }) => cpu)),
    // Over the messages of all rounds: a slice at a slow pace has too few for a 99th percentile.
    last: shown(spread(slices.flatMap(({ last }) => last))),
    lastDue: shown(spread(slices.flatMap(({ lastDue }) => lastDue))),
    all: shown({
      p50: median(slices.map(({ all }) => all.p50)),
      p99: median(slices.map(({ all }) => all.p99)),
      max: Math.max(...slices.map(({ all }) => all.max)),
    }),
  }
}

/** @param {readonly Row[]} rows @param {number} rate */
function ratiosOf(rows, rate) {
  const ratio = (/** @type {(slice: PacedSlice) => number} */ pick) =>
    summary(
      rows.flatMap(({ rate: its, by: { [OURS]: ours, [TWIN]: twin } }) =>
        its === rate && ours && twin ? [pick(ours) / pick(twin)] : [],
      ),
    )
  return {
    cpu: ratio(({ cpu }) => cpu),
    p50: ratio(({ last }) => spread(last).p50),
    p99: ratio(({ last }) => spread(last).p99),
    p50Due: ratio(({ lastDue }) => spread(lastDue).p50),
    p99Due: ratio(({ lastDue }) => spread(lastDue).p99),
  }
}

/** @param {readonly Row[]} rows @param {Name} name @param {number} rate */
function slicesOf(rows, name, rate) {
  return rows.flatMap((row) => (row.rate === rate ? (row.by[name] ?? []) : []))
}

/** @param {import('../lib/percentiles.mjs').Spread} values */
function shown({ p50, p99, max }) {
  return { p50: rounded(p50), p99: rounded(p99), max: rounded(max) }
}
