// What a connection costs that does nothing: memory of the server process for each, with one subscription.
import { contestant } from '../door/contestants.mjs'
import { Session } from '../door/session.mjs'
import { UsageError } from '../lib/options.mjs'
import { mostConnections } from '../lib/open-files.mjs'
import { over } from '../lib/rounds.mjs'
import { median } from '../lib/statistics.mjs'
import { count, table } from '../lib/table.mjs'
import { target, targetLines } from '../lib/targets.mjs'
import { settledMemory } from './sample.mjs'

/** @typedef {{ rss: number, heap: number }} Measurement - bytes per connection */

const STANDARD = { connections: 6_000, rounds: 3, budgetMs: 24_000 }
/** The first figure is taken at this part of the connections: what is there anyhow is in both, and cancels out. */
const BASE_SHARE = 1 / 4
const MOST_BYTES = 1_229

const TWIN = 'ws'
const OURS = ['fanfare-native', 'fanfare-plain']
const all = ['net', TWIN, 'fanfare-plain', 'fanfare-native', 'socket.io', 'bun', 'fanfare-bun']
/** What is compared with what, and what of it is a target. @type {{ pair: [string, string], most?: number }[]} */
const PAIRS = [
  ...OURS.map((name) => ({ pair: /** @type {[string, string]} */ ([name, TWIN]), most: MOST_BYTES })),
  { pair: ['fanfare-bun', 'bun'] },
]
/** A young generation of one size: as it grew, it would grow what is measured. */
const NODE_OPTIONS = ['--expose-gc', '--max-semi-space-size=2']

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function idle(options, progress) {
  const names = options.only ?? all
  const stranger = names.find((name) => !all.includes(name))
  if (stranger !== undefined) throw new UsageError(`--only: there is no ${stranger}`)
  const asked = options.subscribers ?? STANDARD.connections
  const connections = Math.min(asked, mostConnections())
  const rounds = options.rounds ?? STANDARD.rounds
  const deadline = performance.now() + (options.budgetMs ?? STANDARD.budgetMs)
  /** @type {Record<string, Measurement>[]} */
  const rows = []
  while (rows.length === 0 || (rows.length < rounds && performance.now() < deadline)) {
    progress(`round ${rows.length + 1} of ${rounds}`)
    const racing = names.filter((name) => rows.length === 0 || decisive(name))
    // At the same time: memory does not depend on who else is at work.
    const measured = await Promise.all(
      racing.map(async (name) => [
        name,
        await measure(name, decisive(name) ? connections : Math.ceil(connections / 2)),
      ]),
    )
    rows.push(Object.fromEntries(measured))
  }
  return evaluated(rows, { names, asked, connections })
}

/** The others are there to compare with at a glance: once, and half as many, is enough. @param {string} name */
function decisive(name) {
  return name === TWIN || OURS.includes(name)
}

/** @param {string} name @param {number} connections @returns {Promise<Measurement>} */
async function measure(name, connections) {
  const base = Math.ceil(connections * BASE_SHARE)
  const session = new Session(name, { nodeOptions: NODE_OPTIONS })
  try {
    await session.open()
    await session.come(base)
    const few = await settledMemory(session)
    await session.come(connections - base)
    const many = await settledMemory(session)
    const each = (/** @type {'rss' | 'heap'} */ what) => (many[what] - few[what]) / (connections - base)
    return { rss: each('rss'), heap: each('heap') }
  } finally {
    await session.close()
  }
}

/**
 * @param {Record<string, Measurement>[]} rows
 * @param {{ names: string[], asked: number, connections: number }} plan
 */
function evaluated(rows, { names, asked, connections }) {
  const rss = (/** @type {Measurement} */ one) => one.rss
  const heap = (/** @type {Measurement} */ one) => one.heap
  const results = names.map((name) => ({
    name,
    title: contestant(name).title,
    rss: over(rows, name, rss),
    heap: over(rows, name, heap),
  }))
  const more = PAIRS.filter(({ pair }) => pair.every((name) => names.includes(name))).map(
    ({ pair, most }) => ({
      name: pair[0],
      to: pair[1],
      most,
      rss: difference(rows, pair, rss),
      heap: difference(rows, pair, heap),
    }),
  )
  const work = 'idle, memory of a connection with one subscription beyond that of ws'
  const targets = more.flatMap(({ name, to, most, rss: is }) =>
    most === undefined ? [] : [target({ work, ours: name, against: to, unit: 'bytes', most, is })],
  )
  const head = ['bytes per connection', 'RSS', 'heap and external']
  const body = results.map((one) => [one.title, count(one.rss.median), count(one.heap.median)])
  const compared = more.map((one) => [`${one.name} - ${one.to}`, count(one.rss), count(one.heap)])
  const base = Math.ceil(connections * BASE_SHARE)
  const text = [
    `idle: from ${count(base)} to ${count(connections)} connections, median of ${rows.length} rounds`,
    table([head, ...body, ...compared]),
    ...(connections < asked
      ? [`  ${count(connections)} connections instead of ${count(asked)}: ulimit -n leaves no room`]
      : []),
    ...(targets.length > 0 ? [targetLines(targets)] : []),
  ].join('\n\n')
  return {
    text,
    results: { base, connections, rounds: rows.length, unit: 'bytes per connection', results, more, targets },
  }
}

/**
 * Within each round, then the median.
 *
 * @param {readonly Record<string, Measurement>[]} rows
 * @param {[ours: string, twin: string]} pair
 * @param {(figures: Measurement) => number} pick
 */
function difference(rows, [ours, twin], pick) {
  const bytes = rows.flatMap((row) => {
    const [a, b] = [row[ours], row[twin]]
    return a && b ? [pick(a) - pick(b)] : []
  })
  return Math.round(median(bytes))
}
