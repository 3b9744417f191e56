import { Session } from './session.mjs'

/** @typedef {import('./session.mjs').Measurement} Measurement */

/** One slice of work: so much CPU time of the server, if the number of turns is not given. */
const SLICE_MS = 150
/** Work done before anything counts, so that the code is compiled. */
const WARM_UP_MS = 700
const WARM_UP_LEVEL = 10
/** Turns of one message before each slice. */
const WAKE_UP_TURNS = 3
const FEWEST_TURNS = 1
const MOST_TURNS = 2_000

/**
 * @typedef {object} Plan
 * @property {string[]} names - of the contestants
 * @property {number} subscribers
 * @property {number[]} levels - messages per turn
 * @property {number} starts - how often all processes are started anew
 * @property {number} rounds - slices per level and contestant after each start
 * @property {number | undefined} turns - how many a slice has; else as many as take {@link SLICE_MS}
 * @property {number} budgetMs - after it no further round is begun; each start has an equal share
 * @property {string | undefined} profiles - a folder for CPU profiles of the servers
 */

/**
 * What every contestant needed at one level in one round. They took turns within seconds, so what disturbed the machine
 * meanwhile disturbed all of them: compare figures of one row.
 *
 * @typedef {{ level: number, by: Record<string, Measurement> }} Row
 */

/**
 * All servers and their clients are up at once; only one works at a time.
 *
 * @param {Plan} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<Row[]>}
 */
export async function measureAll(plan, progress) {
  /** @type {Row[]} */
  const rows = []
  const beganAt = performance.now()
  for (let start = 1; start <= plan.starts; start++) {
    const deadline = beganAt + (plan.budgetMs * start) / plan.starts
    if (rows.length > 0 && performance.now() > deadline) break
    await measureStart(plan, rows, deadline, (what) => progress(`start ${start} of ${plan.starts}, ${what}`))
  }
  return rows
}

/**
 * @param {Plan} plan
 * @param {Row[]} rows
 * @param {number} deadline
 * @param {(what: string) => void} progress
 */
async function measureStart(plan, rows, deadline, progress) {
  /** @type {Racer[]} */
  const racers = []
  try {
    for (const name of plan.names) {
      progress(`warm-up: ${name}`)
      const racer = new Racer(name, plan)
      racers.push(racer)
      await racer.warmUp()
    }
    for (let round = 0; round < plan.rounds; round++) {
      if (rows.length > 0 && performance.now() > deadline) return
      progress(`round ${round + 1} of ${plan.rounds}`)
      // Nobody always follows the same one.
      const order = [...racers.slice(round % racers.length), ...racers.slice(0, round % racers.length)]
      for (const level of plan.levels) rows.push(await measureRow(order, level))
    }
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
    by[name] = await session.run(level, turns.get(level) ?? FEWEST_TURNS)
  }
  return { level, by }
}

/** A contestant that is up, and how long its slices are. */
class Racer {
  /** @type {Map<number, number>} */
  turns = new Map()
  #plan

  /** @param {string} name @param {Plan} plan */
  constructor(name, plan) {
    this.name = name
    this.session = new Session(name, plan.subscribers, plan.profiles)
    this.#plan = plan
  }

  async warmUp() {
    await this.session.open()
    const cold = await this.session.run(WARM_UP_LEVEL, FEWEST_TURNS)
    const warm = await this.session.run(WARM_UP_LEVEL, turnsFor(WARM_UP_MS, cold))
    for (const level of this.#plan.levels) {
      const short = level === WARM_UP_LEVEL ? warm : await this.session.run(level, FEWEST_TURNS)
      this.turns.set(level, this.#plan.turns ?? turnsFor(SLICE_MS, short))
    }
  }
}

/** How many turns take so much CPU time, going by what was measured. @param {number} ms @param {Measurement} measured */
function turnsFor(ms, { turns, deliveries, cpu }) {
  const turnMs = (cpu * deliveries) / turns / 1000
  return Math.min(MOST_TURNS, Math.max(FEWEST_TURNS, Math.ceil(ms / turnMs)))
}
