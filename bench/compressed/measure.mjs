import { Rig, rotated, roundsUntil } from '../lib/rig.mjs'

/** @typedef {'fanfare-plain' | 'ws'} Name */

export const KIND = 'json'
export const OURS = 'fanfare-plain'
export const TWIN = 'ws'

/** @type {Record<Name, { title: string, server: string }>} */
export const contestants = {
  [OURS]: { title: 'fanfare on ws, plain, compression: true', server: 'workload-fanfare.mjs' },
  [TWIN]: { title: 'ws, perMessageDeflate: true, in a loop', server: 'workload-ws.mjs' },
}

/** How many messages a server may be ahead of its slowest client. */
const AHEAD = 1
/** One slice: so much CPU time of the server. */
const SLICE_MS = 400
const WARM_UP_MS = 800
/** Uncounted, before each slice: the server slept while the other one worked. */
const WAKE_UP_MESSAGES = 3
const PATIENCE_MS = 60_000

/** µs per message, of the server. @typedef {{ messages: number, cpu: number, wall: number }} Slice */

/** What the contestants did one after the other. @typedef {Partial<Record<Name, Slice>>} Row */

/**
 * What a server holds, in bytes: with all clients connected and no message sent yet, and what came on top of it until the
 * end of the run.
 *
 * @typedef {{ idle: number, growth: number }} Memory
 */

/**
 * @typedef {object} Plan
 * @property {Name[]} names
 * @property {number} subscribers
 * @property {number} rounds
 * @property {number} deadline - by `performance.now`; after it no further round is begun
 * @property {number | undefined} messages - of a slice, else as many as take {@link SLICE_MS}
 * @property {string | undefined} profiles
 */

/**
 * All servers are up at once, one works at a time.
 *
 * @param {Plan} plan
 * @param {(what: string) => void} progress
 * @returns {Promise<{ rows: Row[], memory: Partial<Record<Name, Memory>>, frameBytes: Partial<Record<Name, number>> }>}
 */
export async function measureAll(plan, progress) {
  const { names, subscribers, rounds, messages, profiles } = plan
  /** @type {Racer[]} */
  const racers = []
  /** @type {Row[]} */
  const rows = []
  try {
    progress('connecting')
    for (const name of names) racers.push(new Racer(name, subscribers, profiles))
    await Promise.all(racers.map((racer) => racer.open()))
    progress('warm-up')
    for (const racer of racers) await racer.warmUp(messages)
    for (const round of roundsUntil(rounds, plan.deadline)) {
      progress(`round ${round + 1} of ${rounds}`)
      /** @type {Row} */
      const row = {}
      for (const racer of rotated(racers, round)) {
        await racer.run(WAKE_UP_MESSAGES)
        row[racer.name] = await racer.run(racer.messages)
      }
      rows.push(row)
    }
    const of = async (/** @type {(racer: Racer) => Promise<any>} */ ask) =>
      Object.fromEntries(await Promise.all(racers.map(async (racer) => [racer.name, await ask(racer)])))
    return {
      rows,
      memory: await of((racer) => racer.memory()),
      frameBytes: await of((racer) => racer.frameBytes()),
    }
  } finally {
    await Promise.all(racers.map((racer) => racer.rig.close()))
  }
}

/** A contestant that is up, and how long its slices are. */
class Racer {
  messages = 1
  #subscribers
  #sent = 0
  #idle = 0

  /** @param {Name} name @param {number} subscribers @param {string | undefined} profiles */
  constructor(name, subscribers, profiles) {
    const { server } = contestants[name]
    const load = new URL('load.mjs', import.meta.url)
    const serverArgs = [KIND, 'compression']
    this.name = name
    this.#subscribers = subscribers
    this.rig = new Rig({ name, server, serverArgs, load, loadArgs: [KIND], profiles })
  }

  async open() {
    await this.rig.open(this.#subscribers)
    this.#idle = await this.rig.server('memory')
  }

  /** @param {number | undefined} messages */
  async warmUp(messages) {
    const cold = await this.run(2)
    const warm = await this.run(Math.ceil((WARM_UP_MS * 1000) / cold.cpu))
    this.messages = messages ?? Math.ceil((SLICE_MS * 1000) / warm.cpu)
  }

  /** @param {number} messages @returns {Promise<Slice>} */
  async run(messages) {
    const plan = { first: this.#sent, messages, ahead: AHEAD }
    this.#sent += messages
    await this.rig.load('expect', plan)
    const { cpuMs, wallMs } = await this.rig.server('go', plan, PATIENCE_MS)
    return { messages, cpu: (cpuMs * 1000) / messages, wall: (wallMs * 1000) / messages }
  }

  /** @returns {Promise<Memory>} */
  async memory() {
    return { idle: this.#idle, growth: (await this.rig.server('memory')) - this.#idle }
  }

  /** Bytes of one message as a client gets it, on average. */
  async frameBytes() {
    return (await this.rig.load('bytes')) / this.#sent / this.#subscribers
  }
}
