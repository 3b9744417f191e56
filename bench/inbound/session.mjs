import { Child } from '../lib/child.mjs'

/** Bounds a run in which a message got lost. */
const PATIENCE_MS = 30_000

/**
 * What one slice took.
 *
 * @typedef {object} Measurement
 * @property {number} cpu - µs per message, of the server
 * @property {number} wall - µs per message
 */

/** One server and the clients that send to it, from the first handshake to the end of both processes. */
export class Session {
  #server
  #load
  #plan
  #profiled
  /** @type {Promise<never>} */
  #failed

  /**
   * @param {string} name - of the contestant
   * @param {{ script: string, args?: string[] }} server - in servers/
   * @param {{ connections: number, perWrite: number, profiles: string | undefined }} plan
   */
  constructor(name, { script, args = [] }, plan) {
    const { profiles } = plan
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    this.#plan = plan
    this.#profiled = profiles !== undefined
    this.#server = new Child(new URL(`../servers/${script}`, import.meta.url), args, profiling)
    this.#load = new Child(new URL('../load/senders.mjs', import.meta.url), [name])
    // A client has at most one write on its way: the next goes out when every message of all clients was handled.
    this.#server.onNote = () => this.#load.tell({ command: 'turn' })
    this.#failed = new Promise((_, reject) => {
      this.#load.onNote = ({ failure }) => reject(new Error(`${name}: ${failure}`))
    })
    this.#failed.catch(() => {})
  }

  async open() {
    const { connections, perWrite } = this.#plan
    const port = await this.#ask(this.#server, 'listen')
    await this.#ask(this.#load, 'open', { port, many: connections, perWrite })
  }

  /** Messages of one turn: a write of each client. */
  get perTurn() {
    return this.#plan.connections * this.#plan.perWrite
  }

  /** @param {number} turns @returns {Promise<Measurement>} */
  async run(turns) {
    const { perTurn } = this
    const messages = turns * perTurn
    await this.#ask(this.#server, 'prepare', { messages, perTurn })
    this.#load.tell({ command: 'turn' })
    const { handled, sum, cpuMs, wallMs } = await this.#ask(this.#server, 'finish')
    const expected = (messages * (this.#plan.perWrite - 1)) / 2
    if (handled !== messages || sum !== expected) {
      throw new Error(`${handled} messages with sum ${sum} were handled, not ${messages} with ${expected}`)
    }
    return { cpu: (cpuMs * 1000) / messages, wall: (wallMs * 1000) / messages }
  }

  async close() {
    await this.#server.stop(this.#profiled)
    await this.#load.stop()
  }

  /** @param {Child} child @param {string} command @param {unknown} [options] */
  #ask(child, command, options) {
    return Promise.race([child.ask(command, options, PATIENCE_MS), this.#failed])
  }
}
