import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from '../lib/child.mjs'
import { contestant } from './contestants.mjs'

/**
 * How far a server may be ahead of its slowest client, in turns. With more than one, turns run together into one write, and
 * a figure for one message per turn is one for several.
 */
const AHEAD = 1
/** Several times what the slowest server needs on a busy machine: it bounds a run in which a message got lost. */
const PATIENCE_MS = 30_000
const PATIENCE_PER_DELIVERY_MS = 0.15
const PATIENCE_PER_HANDSHAKE_MS = 20
/** How long a server may take to subscribe everybody. */
const JOIN_MS = 30_000

/**
 * What a session has to know of the work, besides who does it.
 *
 * @typedef {object} Work
 * @property {(name: string) => import('./contestants.mjs').Contestant} contestant
 * @property {URL} load - the script of the subscribers
 * @property {number} marks - messages of the broadcast with which everybody joins
 * @property {(plan: { first: number, perTurn: number, turns: number, subscribers: number }) => number} deliveries
 */

/** Everybody gets everything. @type {Work} */
const ONE_CHANNEL = {
  contestant,
  load: new URL('../load/load.mjs', import.meta.url),
  marks: 1,
  deliveries: ({ perTurn, turns, subscribers }) => perTurn * turns * subscribers,
}

/**
 * @typedef {object} Measurement
 * @property {number} turns
 * @property {number} deliveries
 * @property {number} cpu - µs per delivery, of the server
 * @property {number} system - the part of it spent in the kernel
 * @property {number} wall - µs per delivery
 */

/** One server and its subscribers, from the first handshake to the end of both processes. */
export class Session {
  #server
  #load
  #work
  #subscribers
  #profiled
  #next = 0
  /** @type {Promise<never>} */
  #failed

  /**
   * @param {string} name - of a contestant
   * @param {number} subscribers
   * @param {string | undefined} profiles - a folder for a CPU profile of the server
   * @param {Work} work - one channel for all, unless given
   */
  constructor(name, subscribers, profiles, work = ONE_CHANNEL) {
    const { server, args, runtime } = work.contestant(name)
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    this.#work = work
    this.#subscribers = subscribers
    this.#profiled = profiles !== undefined
    this.#server = new Child(new URL(`../servers/${server}`, import.meta.url), args, profiling, runtime)
    this.#load = new Child(work.load, [name])
    this.#failed = new Promise((_, reject) => {
      this.#load.onNote = ({ turns, failure }) => {
        if (failure === undefined) this.#server.tell({ command: 'acknowledge', options: turns })
        else reject(new Error(`${name}: ${failure}`))
      }
    })
    this.#failed.catch(() => {})
  }

  /** Connects everybody; done when everybody got a first message. */
  async open() {
    const port = await this.#ask(this.#server, 'listen')
    const patience = PATIENCE_MS + this.#subscribers * PATIENCE_PER_HANDSHAKE_MS
    await this.#ask(this.#load, 'open', { port, many: this.#subscribers }, patience)
    const deadline = Date.now() + JOIN_MS
    while ((await this.#ask(this.#server, 'subscribers')) < this.#subscribers) {
      if (Date.now() > deadline) throw new Error(`not everybody was subscribed within ${JOIN_MS} ms`)
      await sleep(20)
    }
    const { marks } = this.#work
    const first = this.#next
    this.#next += marks
    await this.#ask(this.#load, 'await', { first })
    await this.#ask(this.#server, 'broadcast', { first, many: marks })
    await this.#ask(this.#load, 'joined')
  }

  /**
   * @param {number} perTurn
   * @param {number} turns
   * @returns {Promise<Measurement>}
   */
  async run(perTurn, turns) {
    const plan = { first: this.#next, perTurn, turns, ahead: AHEAD }
    this.#next += perTurn * turns
    await this.#ask(this.#load, 'expect', plan)
    const deliveries = this.#work.deliveries({ ...plan, subscribers: this.#subscribers })
    const patience = PATIENCE_MS + deliveries * PATIENCE_PER_DELIVERY_MS
    const { userMs, systemMs, wallMs } = await this.#ask(this.#server, 'go', plan, patience)
    const finished = await this.#ask(this.#load, 'finished')
    if (finished !== this.#subscribers) throw new Error(`only ${finished} subscribers have every message`)
    const each = (/** @type {number} */ ms) => (ms * 1000) / deliveries
    return { turns, deliveries, cpu: each(userMs + systemMs), system: each(systemMs), wall: each(wallMs) }
  }

  async close() {
    await this.#server.stop(this.#profiled)
    await this.#load.stop()
  }

  /**
   * @param {Child} child
   * @param {string} command
   * @param {unknown} [options]
   * @param {number} [patienceMs]
   */
  #ask(child, command, options, patienceMs) {
    return Promise.race([child.ask(command, options, patienceMs), this.#failed])
  }
}
