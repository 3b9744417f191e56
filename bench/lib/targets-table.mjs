import { figure, table } from './table.mjs'

/** @typedef {import('./targets.mjs').Target} Target */

/** Units that are no ratios: the target is the figure itself. */
const FIGURES = ['ns', 'bytes']

/** What is measured against what: `CPU: fanfare-plain / net`. @param {Target} target */
export function comparison({ ours, against, unit }) {
  return FIGURES.includes(unit) ? `${unit}: ${ours}` : `${unit}: ${ours} / ${against}`
}

/** All targets of a run, one line each. @param {readonly Target[]} targets */
export function targetTable(targets) {
  const head = ['work', 'ours / against', 'at most', 'is', '']
  const rows = targets.map((target) => [
    target.work,
    comparison(target),
    figure(target.most),
    figure(target.is),
    target.holds ? 'holds' : 'DOES NOT HOLD',
  ])
  return table([head, ...rows])
}
