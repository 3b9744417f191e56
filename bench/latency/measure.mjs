import { PacedSession } from '../lib/pacing.mjs'
import { rotated, roundsUntil } from '../lib/rig.mjs'

/** @typedef {import('../lib/pacing.mjs').PacedSlice} PacedSlice */

/** @typedef {'fanfare-plain' | 'ws'} Name */

export const OURS = 'fanfare-plain'
export const TWIN = 'ws'

/** @type {Record<Name, { title: string, server: string }>} */
export const contestants = {
  [OURS]: { title: 'fanfare on ws, plain', server: 'workload-fanfare.mjs' },
  [TWIN]: { title: 'ws: for (const client) client.send(text)', server: 'workload-ws.mjs' },
}

const KIND = 'short'
/** What runs before anything counts. */
const WARM_UP = { perSecond: 300, forMs: 600 }
/** Uncounted, before each slice: the server slept while the other one worked. */
const WAKE_UP = { perSecond: 100, forMs: 50 }

/**
 * @typedef {object} Plan
 * @property {Name[]} names
 * @property {number} subscribers
 * @property {number[]} rates - messages per second offered
 * @property {number} rounds
 * @property {number} deadline - by `performance.now`; after it no further round is begun
 * @property {(rate: number) => number} sliceMs - how long a slice takes
 * @property {string | undefined} profiles
 */

/** What the contestants did one after the other. @typedef {{ rate: number, by: Partial<Record<Name, PacedSlice>> }} Row */

/**
 * All servers are up at once, one works at a time.
 *
 * @param {Plan} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<Row[]>}
 */
export async function measureAll(plan, progress) {
  const { names, subscribers, rates, rounds, profiles } = plan
  /** @type {{ name: Name, session: PacedSession }[]} */
  const racers = []
  /** @type {Row[]} */
  const rows = []
  try {
    progress('connecting')
    for (const name of names) racers.push({ name, session: sessionOf(name, profiles) })
    await Promise.all(racers.map(({ session }) => session.open(subscribers)))
    progress('warm-up')
    for (const { session } of racers) await session.paced(WARM_UP.perSecond, WARM_UP.forMs)
    for (const round of roundsUntil(rounds, plan.deadline)) {
      for (const rate of rates) {
        progress(`round ${round + 1} of ${rounds}, ${rate} a second`)
        rows.push(await measureRow(rotated(racers, round), rate, plan.sliceMs(rate)))
      }
    }
    return rows
  } finally {
    await Promise.all(racers.map(({ session }) => session.close()))
  }
}

/** @param {{ name: Name, session: PacedSession }[]} racers @param {number} rate @param {number} forMs @returns {Promise<Row>} */
async function measureRow(racers, rate, forMs) {
  /** @type {Row['by']} */
  const by = {}
  for (const { name, session } of racers) {
    await session.paced(WAKE_UP.perSecond, WAKE_UP.forMs)
    by[name] = await session.paced(rate, forMs)
  }
  return { rate, by }
}

/** @param {Name} name @param {string | undefined} profiles */
function sessionOf(name, profiles) {
  const { server } = contestants[name]
  const load = new URL('load.mjs', import.meta.url)
  return new PacedSession({ name, server, serverArgs: [KIND], load, loadArgs: [KIND], profiles })
}
