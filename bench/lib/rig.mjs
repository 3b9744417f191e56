import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from './child.mjs'

/** How long an answer may take on a busy machine, and a handshake on top of it. */
const PATIENCE_MS = 30_000
const PATIENCE_PER_HANDSHAKE_MS = 20

/**
 * @typedef {object} RigPlan
 * @property {string} name - for messages of failure
 * @property {string} server - the script in servers/
 * @property {string[]} serverArgs
 * @property {URL} load - the script of the clients
 * @property {string[]} loadArgs
 * @property {string | undefined} profiles - a folder for a CPU profile of the server
 */

/** A server under test and the process of its clients. What the clients acknowledge the server is told at once. */
export class Rig {
  #name
  #server
  #load
  #profiled
  /** @type {Promise<never>} */
  #failed

  /** @param {RigPlan} plan */
  constructor({ name, server, serverArgs, load, loadArgs, profiles }) {
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    this.#name = name
    this.#profiled = profiles !== undefined
    const script = new URL(`../servers/${server}`, import.meta.url)
    this.#server = new Child(script, serverArgs, ['--expose-gc', ...profiling])
    this.#load = new Child(load, loadArgs)
    this.#failed = new Promise((_, reject) => {
      this.#load.onNote = ({ turns, failure }) => {
        if (failure === undefined) this.#server.tell({ command: 'acknowledge', options: turns })
        else reject(new Error(`${name}: ${failure}`))
      }
    })
    this.#failed.catch(() => {})
  }

  /** Connects so many clients. @param {number} many @returns {Promise<number>} the port, when the server knows them all */
  async open(many) {
    const patienceMs = PATIENCE_MS + many * PATIENCE_PER_HANDSHAKE_MS
    const port = await this.server('listen')
    await this.load('open', { port, many }, patienceMs)
    await this.connected(many)
    return port
  }

  /** Resolves when the server has so many clients, no more and no less. @param {number} many */
  async connected(many) {
    const deadline = Date.now() + PATIENCE_MS
    while ((await this.server('subscribers')) !== many) {
      if (Date.now() > deadline) throw new Error(`${this.#name}: never had ${many} subscribers`)
      await sleep(10)
    }
  }

  /** @param {string} command @param {unknown} [options] @param {number} [patienceMs] */
  server(command, options, patienceMs = PATIENCE_MS) {
    return Promise.race([this.#server.ask(command, options, patienceMs), this.#failed])
  }

  /** @param {string} command @param {unknown} [options] @param {number} [patienceMs] */
  load(command, options, patienceMs = PATIENCE_MS) {
    return Promise.race([this.#load.ask(command, options, patienceMs), this.#failed])
  }

  async close() {
    await this.#server.stop(this.#profiled)
    await this.#load.stop()
  }
}

/**
 * The numbers of the rounds, from 0; there is a first one in any case.
 *
 * @param {number} most
 * @param {number} deadline - by `performance.now`; after it no further round is begun
 */
export function* roundsUntil(most, deadline) {
  for (let round = 0; round < most && (round === 0 || performance.now() < deadline); round++) yield round
}

/** Who goes first changes with every round. @template Item @param {readonly Item[]} items @param {number} round */
export function rotated(items, round) {
  const by = round % items.length
  return [...items.slice(by), ...items.slice(0, by)]
}
