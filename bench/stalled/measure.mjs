import { PacedSession } from '../lib/pacing.mjs'
import { rotated, roundsUntil } from '../lib/rig.mjs'

/** @typedef {import('../lib/pacing.mjs').PacedSlice} PacedSlice */

export const KIND = 'long'
const WARM_UP_MS = 1_500
/** Uncounted, with the bystander as it is. */
const SETTLE_MS = 200

/**
 * One slice of the others, and the state of the bystander after it: frames in its outbox, those that it lost meanwhile, and
 * whether it was closed as slow.
 *
 * @typedef {PacedSlice & { stalled: boolean, floodBytes: number, queued: number, lost: number, closed: boolean }} Slice
 */

/**
 * @typedef {object} Plan
 * @property {number} subscribers - the bystander among them
 * @property {number} perSecond
 * @property {number} rounds
 * @property {number} deadline - by `performance.now`; after it no further round is begun
 * @property {number} sliceMs
 * @property {string | undefined} profiles
 */

/** The same server without a stalled client and with one. @typedef {{ reading: Slice, stalled: Slice }} Row */

/**
 * @param {Plan} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<Row[]>}
 */
export async function measureAll(plan, progress) {
  const { subscribers, perSecond, rounds, profiles } = plan
  const load = new URL('load.mjs', import.meta.url)
  const server = 'stalled-fanfare.mjs'
  const session = new PacedSession({
    name: 'stalled',
    server,
    serverArgs: [],
    load,
    loadArgs: [KIND],
    profiles,
  })
  /** @type {Row[]} */
  const rows = []
  try {
    progress('connecting')
    const port = await session.open(subscribers - 1)
    progress('warm-up')
    await session.paced(perSecond, WARM_UP_MS)
    for (const round of roundsUntil(rounds, plan.deadline)) {
      /** @type {Partial<Row>} */
      const row = {}
      for (const kind of rotated(/** @type {const} */ (['reading', 'stalled']), round)) {
        progress(`round ${round + 1} of ${rounds}, the bystander is ${kind}`)
        row[kind] = await measureSlice(session, { ...plan, port, stalled: kind === 'stalled' })
      }
      rows.push(/** @type {Row} */ (row))
    }
    return rows
  } finally {
    await session.close()
  }
}

/**
 * @param {PacedSession} session
 * @param {Plan & { port: number, stalled: boolean }} plan
 * @returns {Promise<Slice>}
 */
async function measureSlice(session, { port, stalled, subscribers, perSecond, sliceMs }) {
  const { rig } = session
  await rig.load('admit', { port, stalled })
  await rig.connected(subscribers)
  const floodBytes = stalled ? await rig.server('flood') : 0
  await session.paced(perSecond, SETTLE_MS)
  const before = await rig.server('behind')
  const slice = await session.paced(perSecond, sliceMs)
  const { queued, overflow, slow } = await rig.server('behind')
  await rig.load('dismiss')
  await rig.connected(subscribers - 1)
  return {
    ...slice,
    stalled,
    floodBytes,
    queued,
    lost: overflow - before.overflow,
    closed: slow > before.slow,
  }
}
