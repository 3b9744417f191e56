import { comparison } from './targets-table.mjs'
import { figure, table } from './table.mjs'

/** @typedef {import('./targets.mjs').Target} Target */

/** How much worse than the committed one a ratio may be. */
export const TOLERANCE = 0.25
/** What is less than this part of what is allowed counts as this much: a quarter of nearly nothing is noise. */
const LEAST_SHARE = 0.05

/**
 * A target as it was committed and as it is now. `worse` by more than the tolerance, or not measured any more, fails the
 * check; one that is `new` has nothing to be compared with.
 *
 * @typedef {object} Change
 * @property {Target} target
 * @property {number | undefined} committed
 * @property {number | undefined} now
 * @property {'same' | 'worse' | 'better' | 'missing' | 'new'} verdict
 */

/**
 * Compares targets by what they are about: work, sides and unit.
 *
 * @param {readonly Target[]} committed
 * @param {readonly Target[]} now
 * @returns {Change[]} in the order of the committed ones; what is new comes last
 */
export function compare(committed, now) {
  const found = new Map(now.map((target) => [keyOf(target), target]))
  const known = new Set(committed.map(keyOf))
  const changes = committed.map((target) => {
    const is = found.get(keyOf(target))?.is
    return { target, committed: target.is, now: is, verdict: verdictOf(target, is) }
  })
  const fresh = now.filter((target) => !known.has(keyOf(target)))
  return [...changes, ...fresh.map(added)]
}

/** @param {Target} target @returns {Change} */
function added(target) {
  return { target, committed: undefined, now: target.is, verdict: 'new' }
}

/** Whether a change fails the check. @param {Change} change */
export function fails({ verdict }) {
  return verdict === 'worse' || verdict === 'missing'
}

/** One line per target: committed, now, and the change. @param {readonly Change[]} changes */
export function changeTable(changes) {
  const head = ['work', 'ours / against', 'committed', 'now', 'change', '']
  const rows = changes.map(({ target, committed, now, verdict }) => [
    target.work,
    comparison(target),
    shown(committed),
    shown(now),
    changed(committed, now),
    WORDS[verdict],
  ])
  return table([head, ...rows])
}

/** @type {Record<Change['verdict'], string>} */
const WORDS = { same: '', worse: 'WORSE', better: 'better', missing: 'NOT MEASURED', new: 'new' }

/** @param {Target} target */
function keyOf({ work, ours, against, unit }) {
  return JSON.stringify([work, ours, against, unit])
}

/** @param {Target} committed @param {number | undefined} now @returns {Change['verdict']} */
function verdictOf({ is, most }, now) {
  if (now === undefined || !Number.isFinite(now)) return 'missing'
  const slack = Math.max(Math.abs(is), most * LEAST_SHARE) * TOLERANCE
  if (now > is + slack) return 'worse'
  return now < is - slack ? 'better' : 'same'
}

/** @param {number | undefined} value */
function shown(value) {
  return value === undefined ? '-' : figure(value)
}

/** @param {number | undefined} committed @param {number | undefined} now */
function changed(committed, now) {
  if (committed === undefined || now === undefined || committed === 0) return '-'
  const percent = Math.round((now / committed - 1) * 100)
  return `${percent > 0 ? '+' : ''}${percent} %`
}
