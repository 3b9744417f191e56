import { Session } from './session.mjs'

/** @typedef {import('./session.mjs').Measurement} Measurement */

/** One slice of work: so much CPU time of the server, if the number of turns is not given. */
const SLICE_MS = 150
/** Work done before anything counts, so that the code is compiled. */
const WARM_UP_MS = 600
/** Turns of one message before each slice. */
const WAKE_UP_TURNS = 3
const FEWEST_TURNS = 1
const MOST_TURNS = 2_000

/**
 * @typedef {object} Plan
 * @property {string[]} names - of the contestants
 * @property {number} subscribers
 * @property {number[]} levels - messages per turn
 * @property {number} starts - how often all processes are started anew for each level
 * @property {number} rounds - slices per contestant after each start
 * @property {number | undefined} turns - how many a slice has; else as many as take {@link SLICE_MS}
 * @property {number} budgetMs - after it no further round is begun; every level is measured once in any case
 * @property {string | undefined} profiles - a folder for CPU profiles of the servers
 * @property {import('./session.mjs').Work | undefined} work - when it is not one channel for all
 */

/**
 * What every contestant needed at one level in one round. They took turns within seconds, so what disturbed the machine
 * meanwhile disturbed all of them: compare figures of one row.
 *
 * @typedef {{ level: number, by: Record<string, Measurement> }} Row
 */

/**
 * Every level has processes of its own: what 50 messages per turn leave on the heap would be cleared away at the expense
 * of the next figure.
 *
 * @param {Plan} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<Row[]>}
 */
export async function measureAll(plan, progress) {
  /** @type {Row[]} */
  const rows = []
  const beganAt = performance.now()
  const endsAt = beganAt + plan.budgetMs
  /** @type {Map<number, number>} */
  const tookMs = new Map()
  for (let start = 1; start <= plan.starts; start++) {
    for (const [at, level] of plan.levels.entries()) {
      const now = performance.now()
      // On a busy machine the first start of each level takes all the time there is.
      if (start > 1 && now + (tookMs.get(level) ?? 0) > endsAt) continue
      const share = start > 1 ? plan.budgetMs : (plan.budgetMs * (at + 1)) / plan.levels.length
      const tell = (/** @type {string} */ what) =>
        progress(`${level} per turn, start ${start} of ${plan.starts}, ${what}`)
      rows.push(...(await measureStart(plan, level, beganAt + share, tell)))
      tookMs.set(level, performance.now() - now)
    }
  }
  return rows
}

/**
 * All servers and their clients are up at once; only one works at a time.
 *
 * @param {Plan} plan
 * @param {number} level
 * @param {number} deadline
 * @param {(what: string) => void} progress
 * @returns {Promise<Row[]>}
 */
async function measureStart(plan, level, deadline, progress) {
  /** @type {Racer[]} */
  const racers = []
  /** @type {Row[]} */
  const rows = []
  try {
    progress('connecting')
    for (const name of plan.names) racers.push(new Racer(name, plan))
    await Promise.all(racers.map(({ session }) => session.open()))
    for (const racer of racers) {
      progress(`warm-up: ${racer.name}`)
      await racer.warmUp(level)
    }
    for (let round = 0; round < plan.rounds; round++) {
      if (round > 0 && performance.now() > deadline) break
      progress(`round ${round + 1} of ${plan.rounds}`)
      // Nobody always follows the same one.
      const order = [...racers.slice(round % racers.length), ...racers.slice(0, round % racers.length)]
      rows.push(await measureRow(order, level))
    }
    return rows
  } finally {
    await Promise.all(racers.map((racer) => racer.session.close()))
  }
}

/** @param {Racer[]} racers @param {number} level @returns {Promise<Row>} */
async function measureRow(racers, level) {
  /** @type {Record<string, Measurement>} */
  const by = {}
  for (const { name, session, turns } of racers) {
    // It slept while the others worked: a few messages wake it up.
    await session.run(1, WAKE_UP_TURNS)
    by[name] = await session.run(level, turns)
  }
  return { level, by }
}

/** A contestant that is up, and how long its slices are. */
class Racer {
  #plan
  turns = FEWEST_TURNS

  /** @param {string} name @param {Plan} plan */
  constructor(name, plan) {
    this.name = name
    this.session = new Session(name, plan.subscribers, plan.profiles, plan.work)
    this.#plan = plan
  }

  /** @param {number} level */
  async warmUp(level) {
    const cold = await this.session.run(level, FEWEST_TURNS)
    const warm = await this.session.run(level, turnsFor(WARM_UP_MS, cold))
    this.turns = this.#plan.turns ?? turnsFor(SLICE_MS, warm)
  }
}

/** How many turns take so much CPU time, going by what was measured. @param {number} ms @param {Measurement} measured */
function turnsFor(ms, { turns, deliveries, cpu }) {
  const turnMs = (cpu * deliveries) / turns / 1000
  return Math.min(MOST_TURNS, Math.max(FEWEST_TURNS, Math.ceil(ms / turnMs)))
}
