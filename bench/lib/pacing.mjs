import { Rig } from './rig.mjs'

/** More than a slice on a busy machine can take; a message that got lost ends the run. */
const PATIENCE_MS = 60_000

/**
 * What one server did in one paced slice. Times are milliseconds, `last` to the last subscriber of each message, `all` over
 * all deliveries; `…Due` from the moment the message was due, the others from the call that broadcasts it.
 *
 * @typedef {object} PacedSlice
 * @property {number} messages
 * @property {number} deliveries
 * @property {number} perSecond - messages, as far as they were called in time
 * @property {number} cpu - µs per delivery, of the server
 * @property {number[]} last
 * @property {number[]} lastDue
 * @property {import('./percentiles.mjs').Spread} all
 */

/** A server whose messages come at a pace, and clients that note when they have them. */
export class PacedSession {
  /** @readonly */
  rig
  #next = 0
  #subscribers = 0

  /** @param {import('./rig.mjs').RigPlan} plan */
  constructor(plan) {
    this.rig = new Rig(plan)
  }

  /** Connects everybody; done when everybody got a first message. @param {number} subscribers */
  async open(subscribers) {
    this.#subscribers = subscribers
    const port = await this.rig.open(subscribers)
    const first = this.#next++
    await this.rig.load('await', { first })
    await this.rig.server('broadcast', { first })
    await this.rig.load('joined')
    return port
  }

  /**
   * @param {number} perSecond - offered
   * @param {number} forMs
   * @returns {Promise<PacedSlice>}
   */
  async paced(perSecond, forMs) {
    const { rig } = this
    const first = this.#next
    const most = Math.round((forMs * perSecond) / 1000)
    await rig.load('expect', { first, messages: most })
    const before = await rig.server('cpu')
    const { calledAt, dueAt } = await rig.server('paced', { first, perSecond, forMs }, PATIENCE_MS)
    const messages = calledAt.length
    this.#next += messages
    await rig.load('have', { messages }, PATIENCE_MS)
    const cpuMs = (await rig.server('cpu')) - before
    const deliveries = messages * this.#subscribers
    const { last, all } = await rig.load('latency', { since: calledAt })
    const { last: lastDue } = await rig.load('latency', { since: dueAt })
    const cpu = (cpuMs * 1000) / deliveries
    return { messages, deliveries, perSecond: (messages * 1000) / forMs, cpu, last, lastDue, all }
  }

  close() {
    return this.rig.close()
  }
}
