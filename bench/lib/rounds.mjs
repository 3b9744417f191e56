import { summary } from './statistics.mjs'

/**
 * What each contestant needed in one round. They took turns within seconds, so what disturbed the machine meanwhile
 * disturbed all of them: compare figures of one row.
 *
 * @template Figures
 * @typedef {Record<string, Figures>} Row
 */

/**
 * Measures round after round, one contestant at a time, in changing order; the first round is done in any case.
 *
 * @template Figures
 * @param {{ names: readonly string[], rounds: number, deadline: number }} plan - after `deadline`, by `performance.now`, no
 *   further round is begun
 * @param {(name: string, round: number) => Figures | Promise<Figures>} measure - rounds are counted from 0
 * @param {(what: string) => void} progress
 * @returns {Promise<Row<Figures>[]>}
 */
export async function inRounds({ names, rounds, deadline }, measure, progress) {
  /** @type {Row<Figures>[]} */
  const rows = []
  while (rows.length === 0 || (rows.length < rounds && performance.now() < deadline)) {
    const round = rows.length
    progress(`round ${round + 1} of ${rounds}`)
    // Nobody always follows the same one.
    const order = [...names.slice(round % names.length), ...names.slice(0, round % names.length)]
    /** @type {Row<Figures>} */
    const row = {}
    for (const name of order) row[name] = await measure(name, round)
    rows.push(row)
  }
  return rows
}

/**
 * Median and extremes of one figure of one contestant.
 *
 * @template Figures
 * @param {readonly Row<Figures>[]} rows
 * @param {string} name
 * @param {(figures: Figures) => number} pick
 */
export function over(rows, name, pick) {
  const values = rows.flatMap((row) => {
    const figures = row[name]
    return figures === undefined ? [] : [pick(figures)]
  })
  return summary(values)
}

/**
 * One ratio per row, then median and extremes of these: what slows the machine down for a while slows both sides.
 *
 * @template Figures
 * @param {readonly Row<Figures>[]} rows
 * @param {[ours: string, twin: string]} pair
 * @param {(figures: Figures) => number} pick
 */
export function ratio(rows, [ours, twin], pick) {
  const ratios = rows.flatMap((row) => {
    const [a, b] = [row[ours], row[twin]]
    return a !== undefined && b !== undefined ? [pick(a) / pick(b)] : []
  })
  return summary(ratios)
}

/**
 * One ratio over all rows together, where what is measured is the whole: clients that come in rounds leave garbage, for which some
 * later round pays.
 *
 * @template Figures
 * @param {readonly Row<Figures>[]} rows
 * @param {[ours: string, twin: string]} pair
 * @param {(figures: Figures) => number} pick
 */
export function ratioInAll(rows, [ours, twin], pick) {
  const sum = (/** @type {string} */ name) =>
    rows.reduce((all, row) => all + (row[name] === undefined ? 0 : pick(row[name])), 0)
  return sum(ours) / sum(twin)
}
