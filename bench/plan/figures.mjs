// What the plan takes from the results of the benchmarks.

/** @typedef {import('./options.mjs').Load} Load */

/**
 * What one thing costs. What is not there was not measured yet.
 *
 * @typedef {object} Figures
 * @property {number | undefined} deliveryUs - µs of CPU for a message to one client
 * @property {number | undefined} busMessageUs - µs of CPU for a message that comes from the bus, before it goes to anybody
 * @property {number | undefined} handshakeUs - µs of CPU for a client that comes and subscribes once
 * @property {number | undefined} connectionBytes - resident memory of a connection that does nothing, with one subscription
 */

/** The benchmarks that a plan is made of, and what it has to leave out without them. */
export const NEEDED = {
  'fan-out': 'the CPU time of a delivery, and with it the number of nodes',
  cluster: 'the CPU time of a message from the bus',
  connect: 'how fast clients come back',
  idle: 'the memory of connections',
}

/** The names of those without a result. @param {Record<string, any>} results - by benchmark @returns {string[]} */
export function missing(results) {
  return Object.keys(NEEDED).filter((name) => results[name] === undefined)
}

/**
 * @param {Record<string, any>} results - by benchmark
 * @param {Pick<Load, 'perTurn' | 'protocol' | 'bus' | 'ownUs'>} load
 * @returns {Figures}
 */
export function figuresOf(results, { perTurn, protocol, bus, ownUs }) {
  const name = `fanfare-${protocol}`
  const own = (/** @type {any} */ result) => named(result, name)[0]
  const handshake = own(results['connect'])?.cpu.median
  return {
    deliveryUs: deliveryUs(named(results['fan-out'], name), perTurn),
    busMessageUs: busMessageUs(named(results['cluster'], `fanfare-${bus}`), results['cluster']?.subscribers),
    handshakeUs: handshake === undefined ? undefined : handshake + ownUs,
    connectionBytes: own(results['idle'])?.rss.median,
  }
}

/** @param {any} result @param {string} name @returns {any[]} */
function named(result, name) {
  return (result?.results ?? []).filter((/** @type {any} */ one) => one.name === name)
}

/** Of the levels that were measured, the next one below: that is not too favourable. @param {any[]} levels @param {number} perTurn */
function deliveryUs(levels, perTurn) {
  const below = levels.filter((level) => level.perTurn <= perTurn)
  return below.toSorted((a, b) => b.perTurn - a.perTurn)[0]?.cpu.median
}

/**
 * The deliveries stay the same, however many nodes share them; what more nodes cost is that each of them takes in every
 * message. So it is the slope of the line that fits best through the CPU time of a message, by nodes.
 *
 * @param {any[]} results - of one contestant
 * @param {number} subscribers - of the channel, over all nodes
 */
function busMessageUs(results, subscribers) {
  const points = results.map(({ nodes, cpu }) => ({ x: nodes, y: cpu.median * subscribers }))
  if (points.length < 2) return undefined
  const mean = (/** @type {number[]} */ values) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))]
  const up = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0)
  return Math.max(0, up / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0))
}
