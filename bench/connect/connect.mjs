// From the first handshake to a room full of clients: what it costs to let one in.
import { mkdirSync } from 'node:fs'
import { contestant } from '../door/contestants.mjs'
import { Session } from '../door/session.mjs'
import { mostConnections } from '../lib/open-files.mjs'
import { inRounds, over, ratio, ratioInAll } from '../lib/rounds.mjs'
import { count, figure, table } from '../lib/table.mjs'
import { target, targetLines } from '../lib/targets.mjs'

/** @typedef {{ cpu: number, wall: number }} Measurement */

const STANDARD = { clients: 10_000, rounds: 10, budgetMs: 20_000 }
/** Clients that come and go before anything counts, so that the code is compiled. */
const WARM_UP = 1_000
const WARM_UP_AT_ONCE = 500
const MOST = 1.3

const TWIN = 'ws'
/** What speaks as much as native does: the least that a subscription takes by hand. */
const ANSWERING = 'ws-answering'
const OURS = ['fanfare-native', 'fanfare-plain']
const names = [TWIN, ANSWERING, ...OURS]
/** What is compared with what, and what of it is a target. @type {{ pair: [string, string], most?: number }[]} */
const PAIRS = [
  ...OURS.map((name) => ({ pair: /** @type {[string, string]} */ ([name, TWIN]), most: MOST })),
  { pair: ['fanfare-native', ANSWERING] },
]

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function connect(options, progress) {
  const { profiles } = options
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true })
  const asked = options.subscribers ?? STANDARD.clients
  const rounds = options.rounds ?? STANDARD.rounds
  const perRound = Math.max(1, Math.floor(Math.min(asked, mostConnections()) / rounds))
  const plan = {
    names,
    asked,
    rounds,
    perRound,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
  }
  /** @type {Map<string, Session>} */
  const sessions = new Map()
  try {
    for (const name of names) sessions.set(name, new Session(name, { profiles }))
    for (const [name, session] of sessions) {
      progress(`warm-up: ${name}`)
      await warmUp(session)
    }
    const measure = async (/** @type {string} */ name) =>
      /** @type {Measurement} */ (await sessions.get(name)?.come(perRound))
    return evaluated(await inRounds(plan, measure, progress), plan)
  } finally {
    await Promise.all([...sessions.values()].map((session) => session.close()))
  }
}

/** @param {Session} session */
async function warmUp(session) {
  await session.open()
  for (let come = 0; come < WARM_UP; come += WARM_UP_AT_ONCE) {
    await session.come(Math.min(WARM_UP_AT_ONCE, mostConnections()))
    await session.leave()
  }
}

/**
 * @param {import('../lib/rounds.mjs').Row<Measurement>[]} rows
 * @param {{ asked: number, perRound: number }} plan
 */
function evaluated(rows, { asked, perRound }) {
  const cpu = (/** @type {Measurement} */ one) => one.cpu
  const wall = (/** @type {Measurement} */ one) => one.wall
  const clients = perRound * rows.length
  const results = names.map((name) => ({
    name,
    title: contestant(name).title,
    cpu: over(rows, name, cpu),
    wall: over(rows, name, wall),
  }))
  const ratios = PAIRS.map(({ pair, most }) => ({
    name: pair[0],
    to: pair[1],
    most,
    cpu: { ...ratio(rows, pair, cpu), inAll: ratioInAll(rows, pair, cpu) },
    wall: { ...ratio(rows, pair, wall), inAll: ratioInAll(rows, pair, wall) },
  }))
  const work = `connect, ${count(clients)} clients that subscribe once`
  const targets = ratios.flatMap(({ name, to, most, cpu: { inAll: is } }) =>
    most === undefined ? [] : [target({ work, ours: name, against: to, unit: 'CPU', most, is })],
  )
  const head = ['µs per client', 'CPU', 'on the clock']
  const body = results.map((one) => [one.title, figure(one.cpu.median), figure(one.wall.median)])
  const compared = ratios.map((one) => [
    `${one.name} / ${one.to}, in all`,
    figure(one.cpu.inAll),
    figure(one.wall.inAll),
  ])
  const text = [
    `connect: ${count(clients)} clients connect, ${count(perRound)} in a round, median of ${rows.length} rounds`,
    table([head, ...body, ...compared]),
    ...fewer(asked, clients),
    targetLines(targets),
  ].join('\n\n')
  return {
    text,
    results: { clients, perRound, rounds: rows.length, unit: 'µs per client', results, ratios, targets },
  }
}

/** @param {number} asked @param {number} clients */
function fewer(asked, clients) {
  if (clients > asked - asked / 10) return []
  const most = mostConnections()
  const why = most < asked ? `ulimit -n leaves room for ${count(most)}` : 'the time was over'
  return [`  ${count(clients)} clients instead of ${count(asked)}: ${why}`]
}
