import { median, rounded, summary } from '../lib/statistics.mjs'
import { target } from '../lib/targets.mjs'

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {import('./contestants.mjs').Contestant} Contestant */

/**
 * What one of ours may need of the CPU time of another in the same run.
 *
 * @typedef {{ ours: string, against: string, perTurn: number, most: number }} Goal
 */

/**
 * Medians over the rounds, and what was compared with what.
 *
 * @param {readonly Row[]} rows
 * @param {object} plan
 * @param {string} plan.work - its name, for the targets
 * @param {Record<string, Contestant>} plan.field
 * @param {string[]} plan.names - of the contestants that took part
 * @param {number[]} plan.levels
 * @param {readonly Goal[]} plan.goals
 * @param {(ours: Contestant, other: Contestant) => boolean} plan.compared
 */
export function evaluate(rows, { work, field, names, levels, goals, compared }) {
  const each = levels.flatMap((perTurn) => names.map((name) => ({ name, perTurn })))
  const results = each.map(({ name, perTurn }) => {
    const measured = at(rows, perTurn).flatMap(({ by }) => by[name] ?? [])
    const deliveries = measured.reduce((sum, one) => sum + one.deliveries, 0)
    return {
      name,
      title: field[name]?.title ?? name,
      perTurn,
      rounds: measured.length,
      deliveries,
      cpu: summary(measured.map(({ cpu }) => cpu)),
      cpuInKernel: rounded(median(measured.map(({ system }) => system))),
      wall: summary(measured.map(({ wall }) => wall)),
    }
  })
  const isOther = (/** @type {string} */ name, /** @type {string} */ other) => {
    const [ours, its] = [field[name], field[other]]
    return !isOurs(other) && ours !== undefined && its !== undefined && compared(ours, its)
  }
  const ratios = each
    .filter(({ name }) => isOurs(name))
    .flatMap(({ name, perTurn }) =>
      names
        .filter((other) => isOther(name, other))
        .map((to) => ({ name, to, perTurn, cpu: summary(ratiosOf(rows, perTurn, name, to)) })),
    )
  const targets = goals.flatMap(({ ours, against, perTurn, most }) => {
    const ratio = ratios.find((one) => one.name === ours && one.to === against && one.perTurn === perTurn)
    if (!ratio) return []
    return target({
      work: `${work}, ${perTurn} per turn`,
      ...{ ours, against, unit: 'CPU', most },
      is: ratio.cpu.median,
    })
  })
  return { results, ratios, targets }
}

/** @param {string} name */
function isOurs(name) {
  return name.startsWith('fanfare-')
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
