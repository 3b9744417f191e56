// A plan in words: the same rows for a terminal and for a page.
import { environmentLine } from '../lib/environment.mjs'
import { count, figure, table } from '../lib/table.mjs'
import { NEEDED } from './figures.mjs'

/** @typedef {import('./plan.mjs').Plan} Plan */
/** @typedef {import('./size.mjs').Size} Size */
/** @typedef {[what: string, value: string]} Fact */

/** How many moments of a storm are shown. */
const MOMENTS = 12

/** What is planned for. @param {Plan} plan @returns {Fact[]} */
export function loadFacts({ load }) {
  const { clients, rate, channels, perChannel, bytes, perTurn, spread, bus, protocol } = load
  const where = spread === undefined ? 'by chance' : `at most ${spread}`
  return [
    ['clients, all connected at the same time', count(clients)],
    ['messages a second to each client', count(rate)],
    ['of these in one turn of the event loop', count(perTurn)],
    ['payload of a message', `${count(bytes)} bytes`],
    ['channels of a client', count(channels)],
    ['clients of a channel', count(perChannel)],
    ['nodes that the clients of a channel are on', where],
    ['protocol and bus', `${protocol}, ${bus}`],
  ]
}

/** What comes of it. @param {Plan} plan @returns {Fact[]} */
export function sizeFacts({ load, size, figures }) {
  if (!size) return []
  const { node } = size
  const limit = `of its core ${load.cpu} % busy at most`
  const inMemory = node.memoryBytes === undefined ? '' : `, ${figure(load.memory)} GiB for connections`
  return [
    ['deliveries a second, in all', rounded(size.deliveries)],
    ['messages published a second, in all', rounded(size.published)],
    [`nodes needed, each ${limit}${inMemory}`, count(size.needed)],
    [`nodes, with ${count(load.spare)} to spare`, count(size.nodes)],
    ['clients of a node; open files, and a hundred more', count(node.clients)],
    ['deliveries a second of a node', rounded(node.deliveries)],
    ['of its core busy', percent(node.busy)],
    ...memoryFacts(size),
    ['channels, in all', count(size.channels)],
    ['nodes that a channel is on', rounded(size.spread)],
    ['channels that a node asks the bus for', count(node.subscriptions)],
    ['messages a second from the bus to a node', rounded(node.busMessages)],
    ['messages a second from the bus to all nodes', rounded(size.busOut)],
    ...(figures.busMessageUs === undefined ? [] : busFacts(size, figures.busMessageUs)),
    ['from the bus to a node', bits(node.ingress)],
    ['from a node to its clients', bits(node.egress)],
    ['to all clients', bits(node.egress * size.nodes)],
    ...doorFacts(size),
  ]
}

/** @param {Size} size @returns {Fact[]} */
function memoryFacts({ node }) {
  const { memoryBytes, outboxBytes } = node
  if (memoryBytes === undefined) return []
  return [
    ['memory of a node, while nobody is slow', gib(memoryBytes)],
    ['more, at the very most, with every outbox full of messages that nobody else gets', gib(outboxBytes)],
  ]
}

/** @param {Size} size @param {number} busMessageUs @returns {Fact[]} */
function busFacts({ node }, busMessageUs) {
  return [['of its core busy with what the bus brings', percent((node.busMessages * busMessageUs) / 1e6)]]
}

/** @param {Size} size @returns {Fact[]} */
function doorFacts({ accepts, drainSeconds, nodes }) {
  if (accepts === undefined || drainSeconds === undefined) return []
  return [
    ['handshakes a second of a node that does nothing else', rounded(accepts)],
    [
      'window to drain a node in, so that handshakes take a fifth of the one node that gets them all',
      `${count(drainSeconds)} s`,
    ],
    ['a deployment, one node after the other', `${count(Math.ceil((drainSeconds * nodes) / 60))} min`],
  ]
}

/** A row per loss, below the heads of the columns. @param {Plan} plan @returns {string[][]} */
export function lossRows({ losses }) {
  if (losses.length === 0) return []
  const head = [
    'what is lost',
    'clients that come back',
    'half are back',
    '99 of 100',
    'all',
    'longest queue',
    'attempts',
    'then busy',
  ]
  return [
    head,
    ...losses.map(({ lost, storm }) => [
      lost === 'all' ? 'every connection, and no node' : `${count(lost)} ${lost === 1 ? 'node' : 'nodes'}`,
      count(storm.lost),
      ...[storm.halfMs, storm.mostMs, storm.allMs].map(seconds),
      count(storm.longestQueue),
      count(storm.attempts),
      percent(storm.busyAfter),
    ]),
  ]
}

/** The queue over time, of one loss. @param {import('./storm.mjs').Storm} storm @returns {string[][]} */
export function momentRows({ steps, lost }) {
  const every = Math.max(1, Math.ceil(steps.length / MOMENTS))
  const shown = steps.filter((_, at) => (at + 1) % every === 0 || at === steps.length - 1)
  return [
    ['after', 'wait for their next attempt', 'wait for a node', 'are back'],
    ['0 s', count(lost), '0', '0'],
    ...shown.map(({ ms, waiting, queued, back }) => [seconds(ms), ...[waiting, queued, back].map(count)]),
  ]
}

/** What is left out, and what has to be run for it. @param {Plan} plan @returns {string[]} */
export function missingLines({ missing }) {
  return missing.map(
    (name) =>
      `${name} was not measured yet: npm run bench -- ${name}. Without it there is no figure for ${NEEDED[/** @type {keyof typeof NEEDED} */ (name)]}.`,
  )
}

/** On what, with one line for each that differs. @param {Record<string, any>} results - by benchmark @returns {string[]} */
export function groundLines(results) {
  /** @type {Map<string, string[]>} */
  const by = new Map()
  for (const name of Object.keys(NEEDED)) {
    const result = results[name]
    if (result === undefined) continue
    const line = `${result.date}: ${environmentLine(result)}`
    by.set(line, [...(by.get(line) ?? []), name])
  }
  return [...by].map(([line, names]) => `${names.join(', ')}: ${line}`)
}

/** For a terminal. @param {Plan} plan @param {Record<string, any>} results - by benchmark */
export function planText(plan, results) {
  const [loss] = plan.losses
  const parts = [
    ...(plan.size || plan.figures.deliveryUs === undefined ? [] : [tooMuch(plan)]),
    ...(plan.size ? [table(sizeFacts(plan))] : []),
    ...(plan.losses.length > 0 ? [table(lossRows(plan))] : []),
    ...(loss ? [`  ${momentsTitle(loss.lost)}`, table(momentRows(loss.storm))] : []),
    ...missingLines(plan).map((line) => `  ${line}`),
  ]
  const ground = groundLines(results).map((line) => `  ${line}`)
  return ['on paper, from what was measured on', ground.join('\n'), table(loadFacts(plan)), ...parts]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** @param {number | 'all'} lost */
export function momentsTitle(lost) {
  if (lost === 'all') return 'clients, after every connection was lost'
  return `clients, after ${count(lost)} ${lost === 1 ? 'node was' : 'nodes were'} lost`
}

/** @param {Plan} plan */
function tooMuch({ load }) {
  const published = (load.clients * load.rate) / load.perChannel
  return `  no number of nodes is enough: ${rounded(published)} messages a second are published, and each costs every node that has the channel; or the connections of one client take more than --memory. Let a channel be on fewer nodes (--spread), or give a node more.`
}

/** @param {number} value */
function rounded(value) {
  return value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(2)))
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`
}

/** @param {number} bytes */
function gib(bytes) {
  return `${figure(bytes / 2 ** 30)} GiB`
}

/** @param {number} bytes - a second */
function bits(bytes) {
  const mega = (bytes * 8) / 1e6
  return mega >= 1_000 ? `${figure(mega / 1_000)} Gbit/s` : `${figure(mega)} Mbit/s`
}

/** @param {number | undefined} ms */
function seconds(ms) {
  if (ms === undefined) return 'not in 10 min'
  return ms >= 100_000 ? `${Math.round(ms / 1_000)} s` : `${(ms / 1_000).toFixed(1)} s`
}
