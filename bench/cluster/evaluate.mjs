import { summary } from '../lib/statistics.mjs'
import { contestant } from './contestants.mjs'

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {import('./session.mjs').Measurement} Measurement */

/**
 * Medians over the rounds, per contestant and number of nodes.
 *
 * @param {readonly Row[]} rows
 */
export function evaluate(rows) {
  const keys = [...new Set(rows.map(({ name, nodes }) => JSON.stringify({ name, nodes })))]
  const results = keys.map((key) => {
    const { name, nodes } = /** @type {{ name: string, nodes: number }} */ (JSON.parse(key))
    const own = rows.filter((row) => row.name === name && row.nodes === nodes)
    return {
      name,
      title: contestant(name).title,
      nodes,
      rounds: own.length,
      perSecond: over(own, ({ fast }) => fast.perSecond),
      cpu: over(own, ({ fast }) => fast.cpu),
      cpuPaced: over(own, ({ paced }) => paced.cpu),
      publisherCpu: over(own, ({ fast }) => fast.publisherCpu),
      latencyP50: over(own, ({ paced }) => paced.latency?.p50),
      latencyP99: over(own, ({ paced }) => paced.latency?.p99),
    }
  })
  const slices = rows.flatMap(({ fast, paced }) => [fast, paced])
  const deliveries = slices.reduce((sum, slice) => sum + slice.deliveries, 0)
  return { results, deliveries }
}

/** @param {readonly Row[]} rows @param {(row: Row) => number | undefined} pick */
function over(rows, pick) {
  const values = rows.flatMap((row) => pick(row) ?? [])
  return values.length > 0 ? summary(values) : null
}
