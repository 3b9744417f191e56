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
const MOST = 1.25

const OURS = 'fanfare-native'
const TWIN = 'ws'
const contestants = {
  [OURS]: { script: 'inbound-fanfare.mjs', title: 'fanfare on ws, native, one middleware' },
  [TWIN]: { script: 'inbound-ws.mjs', title: 'ws: JSON.parse, a function from a Map' },
}
const names = /** @type {(keyof typeof contestants)[]} */ (Object.keys(contestants))

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function inbound(options, progress) {
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
    for (const name of names) sessions.set(name, new Session(name, contestants[name].script, plan))
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
    return evaluated(rows, plan)
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
 */
function evaluated(rows, { connections, perWrite }) {
  const cpu = (/** @type {Measurement} */ one) => one.cpu
  const wall = (/** @type {Measurement} */ one) => one.wall
  const results = names.map((name) => ({
    name,
    title: contestants[name].title,
    cpu: over(rows, name, cpu),
    wall: over(rows, name, wall),
  }))
  const ratios = { cpu: ratio(rows, [OURS, TWIN], cpu), wall: ratio(rows, [OURS, TWIN], wall) }
  const work = 'inbound, per message'
  const targets = [
    target({ work, ours: OURS, against: TWIN, unit: 'CPU', most: MOST, is: ratios.cpu.median }),
  ]
  const head = ['µs per message', 'CPU', 'on the clock']
  const body = results.map((one) => [one.title, figure(one.cpu.median), figure(one.wall.median)])
  const compared = [`${OURS} / ${TWIN}`, figure(ratios.cpu.median), figure(ratios.wall.median)]
  const text = [
    `inbound: ${count(connections)} clients, JSON messages of ${MESSAGE_BYTES} bytes, ${perWrite} in a write, median of ${rows.length} rounds`,
    table([head, ...body, compared]),
    targetLines(targets),
  ].join('\n\n')
  const measured = { connections, messageBytes: MESSAGE_BYTES, perWrite, rounds: rows.length }
  return { text, results: { ...measured, unit: 'µs per message', results, ratios, targets } }
}
