// A load, the figures it is planned with, and what comes of them.
import { UsageError } from '../lib/options.mjs'
import { figuresOf, missing } from './figures.mjs'
import { nodeOf, sized } from './size.mjs'
import { storm } from './storm.mjs'

/** @typedef {import('./options.mjs').Load} Load */
/** @typedef {import('./size.mjs').Size} Size */
/** @typedef {import('./storm.mjs').Storm} Storm */

/** @typedef {{ lost: number | 'all', storm: Storm }} Loss */

/**
 * @typedef {object} Plan
 * @property {Load} load
 * @property {import('./figures.mjs').Figures} figures
 * @property {string[]} missing - benchmarks that it would need
 * @property {Size | undefined} size - none without the cost of a delivery, or where no number of nodes is enough
 * @property {Loss[]} losses - the one that was asked for comes first; none without the cost of a handshake
 */

/**
 * @param {Load} load
 * @param {Record<string, any>} results - by benchmark
 * @returns {Plan}
 * @throws UsageError when as many nodes are to be lost as there are
 */
export function planned(load, results) {
  const figures = figuresOf(results, load)
  const size = figures.deliveryUs === undefined ? undefined : sized(load, figures)
  const kept = { load, figures, missing: missing(results), size }
  if (!size || figures.handshakeUs === undefined) return { ...kept, losses: [] }
  if (typeof load.lost === 'number' && load.lost >= size.nodes) {
    throw new UsageError(`--lost takes fewer than there are nodes, ${size.nodes}, not ${load.lost}`)
  }
  const third = Math.max(1, Math.floor(size.nodes / 3))
  /** @type {(number | 'all')[]} */
  const others = size.nodes > 1 ? [1, third, 'all'] : ['all']
  const first = load.lost === undefined ? [] : [load.lost]
  return {
    ...kept,
    losses: [...new Set([...first, ...others])].map((lost) => ({
      lost,
      storm: lossOf(lost, size.nodes, { load, figures }),
    })),
  }
}

/** @param {number | 'all'} lost @param {number} nodes @param {Pick<Plan, 'load' | 'figures'>} plan */
function lossOf(lost, nodes, { load, figures }) {
  const { deliveryUs = 0, busMessageUs = 0, handshakeUs = 0 } = figures
  const after = nodeOf(lost === 'all' ? nodes : nodes - lost, load, figures)
  return storm({
    clients: load.clients,
    nodes,
    lost,
    handshakeUs,
    clientUs: load.rate * deliveryUs,
    nodeUs: after.busMessages * busMessageUs,
    seed: load.seed,
  })
}
