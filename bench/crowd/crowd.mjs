// One channel among very many: whether it matters to a broadcast what else there is in the hub.
import { mkdirSync } from 'node:fs'
import { PAYLOAD_BYTES } from '../fan-out/payload.mjs'
import { Child } from '../lib/child.mjs'
import { inRounds, over, ratio } from '../lib/rounds.mjs'
import { count, figure, table } from '../lib/table.mjs'
import { target, targetLines } from '../lib/targets.mjs'

const STANDARD = { subscribers: 1_000, levels: [1, 10], rounds: 16, budgetMs: 12_000 }
/** Channels besides, for each subscriber one of its own. */
const OTHERS_EACH = 100
/** One figure: about so many deliveries; ten times as many before anything counts. */
const DELIVERIES = 500_000
const WARM_UP_DELIVERIES = 3_000_000
const PATIENCE_MS = 60_000
const MOST = 1.25

const CROWD = 'crowd'
const ALONE = 'alone'
const contestants = { [CROWD]: OTHERS_EACH, [ALONE]: 0 }
const names = /** @type {(keyof typeof contestants)[]} */ (Object.keys(contestants))

/** @typedef {Record<number, number>} Measurement - ns of CPU per delivery, by the messages per turn */

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function crowd(options, progress) {
  const { profiles } = options
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true })
  const plan = {
    ...STANDARD,
    names,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
    subscribers: options.subscribers ?? STANDARD.subscribers,
    levels: options.levels ?? STANDARD.levels,
    rounds: options.rounds ?? STANDARD.rounds,
  }
  const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
  /** @type {Map<string, Child>} */
  const rooms = new Map()
  try {
    // Each has a process of its own: what fills one heap would be marked at the expense of the other.
    for (const name of names) {
      const script = new URL('../servers/crowd-room.mjs', import.meta.url)
      rooms.set(name, new Child(script, [String(contestants[name])], profiling))
    }
    const channels = await fill(rooms, plan, progress)
    const measure = (/** @type {string} */ name) => run(rooms.get(name), plan, DELIVERIES)
    return evaluated(await inRounds(plan, measure, progress), plan, channels)
  } finally {
    await Promise.all([...rooms.values()].map((room) => room.stop(profiles !== undefined)))
  }
}

/**
 * @param {Map<string, Child>} rooms
 * @param {{ subscribers: number, levels: number[] }} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<Record<string, number>>} how many channels each has
 */
async function fill(rooms, plan, progress) {
  /** @type {Record<string, number>} */
  const channels = {}
  for (const [name, room] of rooms) {
    progress(`warm-up: ${name}`)
    channels[name] = await room.ask('fill', { many: plan.subscribers }, PATIENCE_MS)
    await run(room, plan, WARM_UP_DELIVERIES)
  }
  return channels
}

/**
 * @param {Child | undefined} room
 * @param {{ subscribers: number, levels: number[] }} plan
 * @param {number} deliveries - at each level, at least so many
 * @returns {Promise<Measurement>}
 */
async function run(room, { subscribers, levels }, deliveries) {
  /** @type {Measurement} */
  const figures = {}
  for (const perTurn of levels) {
    const turns = Math.ceil(deliveries / (perTurn * subscribers))
    figures[perTurn] = await room?.ask('run', { perTurn, turns }, PATIENCE_MS)
  }
  return figures
}

/**
 * @param {import('../lib/rounds.mjs').Row<Measurement>[]} rows
 * @param {{ subscribers: number, levels: number[] }} plan
 * @param {Record<string, number>} channels
 */
function evaluated(rows, { subscribers, levels }, channels) {
  const at = (/** @type {number} */ perTurn) => (/** @type {Measurement} */ one) => one[perTurn] ?? Number.NaN
  const results = names.flatMap((name) =>
    levels.map((perTurn) => ({
      name,
      channels: channels[name],
      perTurn,
      cpu: over(rows, name, at(perTurn)),
    })),
  )
  const ratios = levels.map((perTurn) => ({ perTurn, cpu: ratio(rows, [CROWD, ALONE], at(perTurn)) }))
  const targets = ratios.map(({ perTurn, cpu: { median: is } }) => {
    const work = `broadcast among ${count(channels[CROWD] ?? 0)} channels, ${count(perTurn)} per turn`
    return target({ work, ours: CROWD, against: ALONE, unit: 'CPU', most: MOST, is })
  })
  const head = ['ns of CPU per delivery', ...levels.map((level) => `${count(level)} per turn`)]
  const body = names.map((name) => [
    `hub with ${count(channels[name] ?? 0)} ${channels[name] === 1 ? 'channel' : 'channels'}`,
    ...results.filter((one) => one.name === name).map(({ cpu }) => figure(cpu.median)),
  ])
  const compared = [`${CROWD} / ${ALONE}`, ...ratios.map(({ cpu }) => figure(cpu.median))]
  const text = [
    `crowd: ${count(subscribers)} subscribers of one channel, each in ${OTHERS_EACH} others or in none, ${PAYLOAD_BYTES} bytes of text, median of ${rows.length} rounds`,
    table([head, ...body, compared]),
    targetLines(targets),
  ].join('\n\n')
  const measured = { subscribers, payloadBytes: PAYLOAD_BYTES, rounds: rows.length }
  return { text, results: { ...measured, unit: 'ns of CPU per delivery', results, ratios, targets } }
}
