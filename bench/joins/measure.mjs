import { Rig, roundsUntil } from '../lib/rig.mjs'
import { channelOf, joinText } from './members.mjs'

/** More than a round takes on a busy machine; a member that somebody never sees ends the run. */
const PATIENCE_MS = 120_000
/** So many join before anything counts. */
const WARM_UP_CLIENTS = 500
const FRAME_HEAD_BYTES = 2

/**
 * What it took until everybody knew of everybody. The server's CPU; of the floor `frames` is 0.
 *
 * @typedef {{ wallMs: number, cpuMs: number, bytes: number, frames: number, writes: number }} Slice
 */

/** @typedef {{ fanfare: Slice, floor: Slice }} Row */

/**
 * @param {{ subscribers: number, rounds: number, deadline: number, profiles: string | undefined }} plan - after the
 *   `deadline`, by `performance.now`, no further round is begun
 * @param {(what: string) => void} progress
 * @returns {Promise<Row[]>}
 */
export async function measureAll({ subscribers, rounds, deadline, profiles }, progress) {
  const load = new URL('load.mjs', import.meta.url)
  const plan = { serverArgs: [], load, profiles }
  const fanfare = new Rig({ ...plan, name: 'fanfare', server: 'joins-fanfare.mjs', loadArgs: ['check'] })
  const floor = new Rig({ ...plan, name: 'floor', server: 'joins-floor.mjs', loadArgs: [] })
  /** @type {Row[]} */
  const rows = []
  try {
    progress('connecting')
    await Promise.all([fanfare.open(subscribers), floor.open(subscribers)])
    progress('warm-up')
    await measureRow({ fanfare, floor }, 0, Math.min(WARM_UP_CLIENTS, subscribers))
    for (const round of roundsUntil(rounds, deadline)) {
      progress(`round ${round + 1} of ${rounds}`)
      rows.push(await measureRow({ fanfare, floor }, round + 1, subscribers))
    }
    return rows
  } finally {
    await Promise.all([fanfare.close(), floor.close()])
  }
}

/**
 * Ours first: the floor writes as much, as often.
 *
 * @param {{ fanfare: Rig, floor: Rig }} rigs
 * @param {number} round
 * @param {number} many
 * @returns {Promise<Row>}
 */
async function measureRow(rigs, round, many) {
  const channel = channelOf(round)
  const fanfare = await measure(rigs.fanfare, { channel, many, wanted: many })
  const text = joinText(channel, 0)
  const frames = Math.round(fanfare.bytes / many / (text.length + FRAME_HEAD_BYTES))
  const writes = Math.max(1, Math.round(fanfare.writes / many))
  await rigs.floor.server('plan', { text, frames, writes })
  return { fanfare, floor: await measure(rigs.floor, { channel, many, wanted: frames }) }
}

/** @param {Rig} rig @param {{ channel: string, many: number, wanted: number }} plan @returns {Promise<Slice>} */
async function measure(rig, plan) {
  const before = await rig.server('counted')
  const { wallMs, bytes } = await rig.load('join', plan, PATIENCE_MS)
  const after = await rig.server('counted')
  return {
    wallMs,
    bytes,
    cpuMs: after.cpuMs - before.cpuMs,
    frames: after.frames - before.frames,
    writes: after.writes - before.writes,
  }
}
