import { canHave } from './contestants.mjs'
import { Session } from './session.mjs'

/** @typedef {import('./session.mjs').Measurement} Measurement */

/**
 * @typedef {object} Plan
 * @property {string[]} names - of the contestants
 * @property {number[]} nodes - how many, one session after the other
 * @property {number} subscribers - over all nodes
 * @property {number} messages - of a slice that is as fast as it can be
 * @property {number} pacedMessages - of a slice that is paced
 * @property {number} perSecond - messages of a paced slice
 * @property {number} rounds - slices per contestant and number of nodes
 * @property {number} budgetMs - after it no further round is begun; everything is measured once in any case
 * @property {string | undefined} profiles - a folder for CPU profiles of the nodes
 */

/** What one contestant did in one round. @typedef {{ name: string, nodes: number, fast: Measurement, paced: Measurement }} Row */

/**
 * For each number of nodes the processes of all contestants are up at once; only one contestant works at a time, and they
 * take turns.
 *
 * @param {Plan} plan
 * @param {(name: string) => string} urlOf - of the bus of a contestant
 * @param {(what: string) => void} progress
 * @returns {Promise<Row[]>}
 */
export async function measureAll(plan, urlOf, progress) {
  /** @type {Row[]} */
  const rows = []
  const beganAt = performance.now()
  for (const [at, nodes] of plan.nodes.entries()) {
    const deadline = beganAt + (plan.budgetMs * (at + 1)) / plan.nodes.length
    const tell = (/** @type {string} */ what) => progress(`${nodes} nodes, ${what}`)
    rows.push(...(await measureNodes(plan, { nodes, deadline, urlOf }, tell)))
  }
  return rows
}

/**
 * @param {Plan} plan
 * @param {{ nodes: number, deadline: number, urlOf: (name: string) => string }} level
 * @param {(what: string) => void} progress
 */
async function measureNodes(plan, { nodes, deadline, urlOf }, progress) {
  const { subscribers, profiles } = plan
  /** @type {{ name: string, session: Session }[]} */
  const racers = []
  /** @type {Row[]} */
  const rows = []
  try {
    progress('connecting')
    for (const name of plan.names.filter((one) => canHave(one, nodes))) {
      racers.push({ name, session: new Session(name, { nodes, subscribers, url: urlOf(name), profiles }) })
    }
    await Promise.all(racers.map(({ session }) => session.open()))
    for (const { name, session } of racers) {
      progress(`warm-up: ${name}`)
      await session.warmUp(plan.messages)
    }
    for (let round = 0; round < plan.rounds; round++) {
      if (round > 0 && performance.now() > deadline) break
      // Nobody always follows the same one.
      const order = [...racers.slice(round % racers.length), ...racers.slice(0, round % racers.length)]
      for (const { name, session } of order) {
        progress(`round ${round + 1} of ${plan.rounds}: ${name}`)
        // First the slow part: it wakes up what slept while the others worked.
        const paced = await session.paced(plan.pacedMessages, plan.perSecond)
        rows.push({ name, nodes, paced, fast: await session.fast(plan.messages) })
      }
    }
    return rows
  } finally {
    await Promise.all(racers.map(({ session }) => session.close()))
  }
}
