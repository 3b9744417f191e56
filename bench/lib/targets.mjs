import { figure } from './table.mjs'

/**
 * What one ratio may be at most, and what it is: of ours to what it is measured against, within one run.
 *
 * @typedef {object} Target
 * @property {string} work - what is measured, as a reader of the table has to know it
 * @property {string} ours
 * @property {string} against
 * @property {string} unit - of both: `CPU`, `wall`, `memory`, `p99`, `ns` or `bytes`; of the last two there is no ratio, `is` is the figure itself
 * @property {number} most
 * @property {number} is
 * @property {boolean} holds
 */

/** @param {Omit<Target, 'holds'>} target @returns {Target} */
export function target({ work, ours, against, unit, most, is }) {
  return { work, ours, against, unit, most, is, holds: is <= most }
}

/** One line each, below the table of a benchmark. @param {readonly Target[]} targets */
export function targetLines(targets) {
  return targets.map(targetLine).join('\n')
}

/** @param {Target} target */
function targetLine({ work, ours, against, unit, most, is, holds }) {
  const verdict = holds ? 'holds' : 'DOES NOT HOLD'
  return `  target: ${work}: ${unit} of ${ours} to ${against} at most ${most}: ${figure(is)}, ${verdict}`
}
