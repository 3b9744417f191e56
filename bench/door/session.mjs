import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from '../lib/child.mjs'
import { contestant } from './contestants.mjs'

const PATIENCE_MS = 30_000
const PATIENCE_PER_CLIENT_MS = 20
/** How long a server may take to notice that everybody came, or went. */
const SETTLE_MS = 30_000

/** One server, and clients that come and stay; from the start of both processes to their end. */
export class Session {
  #server
  #load
  #name
  #profiled
  #port = 0
  #inside = 0
  /** @type {Promise<never>} */
  #failed

  /**
   * @param {string} name - of a contestant
   * @param {{ profiles?: string | undefined, nodeOptions?: string[] }} [how] - `profiles`: a folder for a CPU profile of the
   *   server
   */
  constructor(name, { profiles, nodeOptions = [] } = {}) {
    const { server, args, runtime } = contestant(name)
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    this.#name = name
    this.#profiled = profiles !== undefined
    const script = new URL(`../servers/${server}`, import.meta.url)
    this.#server = new Child(script, args, [...nodeOptions, ...profiling], runtime)
    this.#load = new Child(new URL('../load/visitors.mjs', import.meta.url), [name])
    this.#failed = new Promise((_, reject) => {
      this.#load.onNote = ({ failure }) => reject(new Error(`${name}: ${failure}`))
    })
    this.#failed.catch(() => {})
  }

  async open() {
    this.#port = await this.#ask(this.#server, 'listen')
  }

  /**
   * Done when all of them are in.
   *
   * @param {number} many
   * @returns {Promise<{ cpu: number, wall: number }>} µs per client: CPU time of the server, time on the clock
   */
  async come(many) {
    const before = await this.#ask(this.#server, 'cpu')
    const patience = PATIENCE_MS + many * PATIENCE_PER_CLIENT_MS
    const wallMs = await this.#ask(this.#load, 'come', { port: this.#port, many }, patience)
    this.#inside += many
    await this.#settled()
    const cpuMs = (await this.#ask(this.#server, 'cpu')) - before
    return { cpu: (cpuMs * 1000) / many, wall: (wallMs * 1000) / many }
  }

  /** Sends everybody away; done when the server has noticed. */
  async leave() {
    await this.#ask(this.#load, 'leave')
    this.#inside = 0
    await this.#settled()
  }

  /** What the server holds now, in bytes. @returns {Promise<{ rss: number, heap: number }>} */
  memory() {
    return this.#ask(this.#server, 'memory')
  }

  async close() {
    await this.#server.stop(this.#profiled)
    await this.#load.stop()
  }

  async #settled() {
    const deadline = Date.now() + SETTLE_MS
    for (;;) {
      const clients = await this.#ask(this.#server, 'clients')
      if (clients === this.#inside) return
      if (Date.now() > deadline) throw new Error(`${this.#name}: ${clients} clients, not ${this.#inside}`)
      await sleep(5)
    }
  }

  /**
   * @param {Child} child
   * @param {string} command
   * @param {unknown} [options]
   * @param {number} [patienceMs]
   */
  #ask(child, command, options, patienceMs = PATIENCE_MS) {
    return Promise.race([child.ask(command, options, patienceMs), this.#failed])
  }
}
