import { median, rounded, summary } from '../lib/statistics.mjs'
import { contestant } from './contestants.mjs'

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {ReturnType<typeof summary>} Summary */

const isOurs = (/** @type {string} */ name) => name.startsWith('fanfare-')
const RIVAL = 'socket.io'

/** What the hub may need of the rival's CPU time. */
const TARGETS = [
  { perTurn: 10, most: 0.15 },
  { perTurn: 1, most: 0.7 },
]

/**
 * @param {readonly Row[]} rows
 * @param {{ names: string[], levels: number[] }} plan
 */
export function evaluate(rows, { names, levels }) {
  const each = levels.flatMap((perTurn) => names.map((name) => ({ name, perTurn })))
  const results = each.map(({ name, perTurn }) => {
    const measured = at(rows, perTurn).flatMap(({ by }) => by[name] ?? [])
    const deliveries = measured.reduce((sum, one) => sum + one.deliveries, 0)
    return {
      name,
      title: contestant(name).title,
      perTurn,
      rounds: measured.length,
      deliveries,
      cpu: summary(measured.map(({ cpu }) => cpu)),
      cpuInKernel: rounded(median(measured.map(({ system }) => system))),
      wall: summary(measured.map(({ wall }) => wall)),
    }
  })
  const ours = each.filter(({ name }) => isOurs(name))
  const ratios = ours.flatMap(({ name, perTurn }) => {
    return twins(name, names).map((to) => ({
      name,
      to,
      perTurn,
      cpu: summary(ratiosOf(rows, perTurn, name, to)),
    }))
  })
  const targets = TARGETS.flatMap(({ perTurn, most }) => {
    const met = ratios.filter((ratio) => ratio.to === RIVAL && ratio.perTurn === perTurn)
    return met.map(({ name, to, cpu }) => ({
      name,
      to,
      perTurn,
      most,
      is: cpu.median,
      holds: cpu.median <= most,
    }))
  })
  return { results, ratios, targets }
}

/** What one of ours is compared with: those on the same runtime that speak the same. @param {string} name @param {string[]} names */
function twins(name, names) {
  const { runtime, speaks } = contestant(name)
  return names.filter((other) => {
    const { runtime: itsRuntime, speaks: itSpeaks } = contestant(other)
    return !isOurs(other) && itsRuntime === runtime && itSpeaks === speaks
  })
}

/** @param {readonly Row[]} rows @param {number} perTurn */
function at(rows, perTurn) {
  return rows.filter(({ level }) => level === perTurn)
}

/**
 * One ratio per row, then the median of them: what slows the machine down for a minute slows both sides of a row.
 *
 * @param {readonly Row[]} rows
 * @param {number} perTurn
 * @param {string} name
 * @param {string} to
 */
function ratiosOf(rows, perTurn, name, to) {
  return at(rows, perTurn).flatMap(({ by }) => {
    const [a, b] = [by[name], by[to]]
    return a && b ? [a.cpu / b.cpu] : []
  })
}
