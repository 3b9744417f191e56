// From the client to the handler: what a message costs before the application does anything with it.
import { mkdirSync } from 'node:fs'
import { inRounds, over, ratio } from '../lib/rounds.mjs'
import { figure, count, table } from '../lib/table.mjs'
import { target, targetLines } from '../lib/targets.mjs'
import { MESSAGE_BYTES } from './message.mjs'
import { Session } from './session.mjs'

/** @typedef {import('./session.mjs').Measurement} Measurement */

const STANDARD = { connections: 100, perWrite: 64, rounds: 16, budgetMs: 10_000 }
/** Work before anything counts, so that the code is compiled, and the work of one figure; in CPU time. */
const WARM_UP_MS = 800
const SLICE_MS = 200
/** Turns before each figure: the server slept while the other one worked. */
const WAKE_UP_TURNS = 1

/**
 * Two servers that take in the same messages.
 *
 * @typedef {object} Pair
 * @property {string} work - what is measured
 * @property {string} ours
 * @property {string} against
 * @property {number} most - of the CPU time of the other that ours may take
 * @property {Record<string, { script: string, args?: string[], title: string }>} contestants
 */

export const FANFARE = { script: 'inbound-fanfare.mjs', title: 'fanfare on ws, native, one middleware' }

/** @type {Pair} */
const WITH_TWIN = {
  work: 'inbound, per message',
  ours: 'fanfare-native',
  against: 'ws',
  most: 1.25,
  contestants: {
    'fanfare-native': FANFARE,
    ws: { script: 'inbound-ws.mjs', title: 'ws: JSON.parse, a function from a Map' },
  },
}

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export const inbound = (options, progress) => measurePair(WITH_TWIN, options, progress)

/**
 * @param {Pair} pair
 * @param {import('../lib/options.mjs').Options} options
 * @param {(what: string) => void} progress
 * @returns {Promise<import('../fan-out/fan-out.mjs').Measured>}
 */
export async function measurePair(pair, options, progress) {
  const { contestants } = pair
  const names = Object.keys(contestants)
  const { profiles } = options
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true })
  const plan = {
    ...STANDARD,
    names,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
    profiles,
    connections: options.subscribers ?? STANDARD.connections,
    rounds: options.rounds ?? STANDARD.rounds,
  }
  /** @type {Map<string, Session>} */
  const sessions = new Map()
  try {
    for (const [name, server] of Object.entries(contestants)) {
      sessions.set(name, new Session(name, server, plan))
    }
    const turns = await warmUp(sessions, options.turns, progress)
    const rows = await inRounds(
      plan,
      async (name) => {
        const session = sessions.get(name)
        await session?.run(WAKE_UP_TURNS)
        return /** @type {Measurement} */ (await session?.run(turns.get(name) ?? 1))
      },
      progress,
    )
    return evaluated(rows, plan, pair)
  } finally {
    await Promise.all([...sessions.values()].map((session) => session.close()))
  }
}

/**
 * @param {Map<string, Session>} sessions
 * @param {number | undefined} asked - turns per figure
 * @param {(what: string) => void} progress
 * @returns {Promise<Map<string, number>>} turns per figure
 */
async function warmUp(sessions, asked, progress) {
  /** @type {Map<string, number>} */
  const turns = new Map()
  for (const [name, session] of sessions) {
    progress(`warm-up: ${name}`)
    await session.open()
    const turnsFor = (/** @type {number} */ ms, /** @type {Measurement} */ { cpu }) =>
      Math.max(1, Math.ceil((ms * 1000) / (cpu * session.perTurn)))
    const warm = await session.run(turnsFor(WARM_UP_MS, await session.run(1)))
    turns.set(name, asked ?? turnsFor(SLICE_MS, warm))
  }
  return turns
}

/**
 * @param {import('../lib/rounds.mjs').Row<Measurement>[]} rows
 * @param {{ connections: number, perWrite: number }} plan
 * @param {Pair} pair
 */
function evaluated(rows, { connections, perWrite }, { work, ours, against, most, contestants }) {
  const cpu = (/** @type {Measurement} */ one) => one.cpu
  const wall = (/** @type {Measurement} */ one) => one.wall
  const results = Object.entries(contestants).map(([name, { title }]) => ({
    name,
    title,
    cpu: over(rows, name, cpu),
    wall: over(rows, name, wall),
  }))
  const ratios = { cpu: ratio(rows, [ours, against], cpu), wall: ratio(rows, [ours, against], wall) }
  const targets = [target({ work, ours, against, unit: 'CPU', most, is: ratios.cpu.median })]
  const head = ['µs per message', 'CPU', 'on the clock']
  const body = results.map((one) => [one.title, figure(one.cpu.median), figure(one.wall.median)])
  const compared = [`${ours} / ${against}`, figure(ratios.cpu.median), figure(ratios.wall.median)]
  const text = [
    `${work}: ${count(connections)} clients, JSON messages of ${MESSAGE_BYTES} bytes, ${perWrite} in a write, median of ${rows.length} rounds`,
    table([head, ...body, compared]),
    targetLines(targets),
  ].join('\n\n')
  const measured = { connections, messageBytes: MESSAGE_BYTES, perWrite, rounds: rows.length }
  return { text, results: { ...measured, unit: 'µs per message', results, ratios, targets } }
}
