// Connections are lost, and all of those clients come back: a simulation in steps, the same each time for one seed.
import { seededRandom } from '../lib/random.mjs'

/** How `@fanfare/client` waits between attempts, and how long it waits for one; a test compares them. */
export const BACKOFF = { baseMs: 500, maxMs: 20_000 }
const CONNECT_TIMEOUT_MS = 10_000
const STEP_MS = 100
const HORIZON_MS = 600_000
/** Of a node's time that handshakes get in any case: the event loop serves them beside whatever else is to be done. */
const LEAST_SHARE = 0.1

/**
 * @typedef {object} Storm
 * @property {number} lost - connections
 * @property {number} remaining - nodes
 * @property {number} busyAfter - of the core of each of these, with everybody back, from 0 on; above 1 they cannot keep up
 * @property {{ ms: number, waiting: number, queued: number, back: number }[]} steps - how many clients wait for their next
 *   attempt, how many for a node, and how many are back, at the end of each step
 * @property {number} attempts
 * @property {number} longestQueue - clients, over all nodes
 * @property {number | undefined} halfMs - until half of them were back; `undefined`: not within ten minutes
 * @property {number | undefined} mostMs - the same for 99 of 100
 * @property {number | undefined} allMs
 */

/**
 * A balancer sends each attempt to a node by chance. A node spends on handshakes what the messages of those who are
 * connected leave. Who is not let in within the client's patience goes and tries again later.
 *
 * @param {object} plan
 * @param {number} plan.clients - in all
 * @param {number} plan.nodes - before
 * @param {number | 'all'} plan.lost - nodes, fewer than there are; `'all'`: all connections, and no node
 * @param {number} plan.handshakeUs
 * @param {number} plan.clientUs - µs of CPU a second that the messages of a client take
 * @param {number} plan.nodeUs - µs of CPU a second that a node takes besides, of those that remain
 * @param {number} plan.seed
 * @returns {Storm}
 */
export function storm({ clients, nodes, lost, handshakeUs, clientUs, nodeUs, seed }) {
  const remaining = lost === 'all' ? nodes : nodes - lost
  const gone = lost === 'all' ? clients : Math.round((clients * lost) / nodes)
  const each = (clients - gone) / remaining
  const crowd = new Crowd(gone, seed)
  const gates = Array.from({ length: remaining }, () => new Gate(each, { handshakeUs, clientUs, nodeUs }))
  /** @type {Storm['steps']} */
  const steps = []
  let back = 0
  for (let step = 0; back < gone && step * STEP_MS < HORIZON_MS; step++) {
    for (const client of crowd.due(step)) gates[crowd.pick(remaining)]?.queue(client, step)
    let queued = 0
    for (const gate of gates) {
      for (const client of gate.giveUp(step)) crowd.retry(client, step)
      back += gate.admit()
      queued += gate.length
    }
    steps.push({ ms: (step + 1) * STEP_MS, waiting: gone - back - queued, queued, back })
  }
  const until = (/** @type {number} */ share) => steps.find((at) => at.back >= gone * share)?.ms
  return {
    lost: gone,
    remaining,
    busyAfter: ((clients / remaining) * clientUs + nodeUs) / 1e6,
    steps,
    attempts: crowd.attempts,
    longestQueue: steps.reduce((most, { queued }) => Math.max(most, queued), 0),
    halfMs: until(0.5),
    mostMs: until(0.99),
    allMs: until(1),
  }
}

/**
 * Milliseconds until the next attempt: full jitter below a bound that doubles, as in `@fanfare/client` after a connection
 * that ended without a word.
 *
 * @param {number} attempt - how many failed before
 * @param {number} random - from 0 up to 1
 */
export function delayMs(attempt, random) {
  return Math.min(BACKOFF.maxMs, BACKOFF.baseMs * 2 ** (attempt + 2)) * random
}

/** Those who are out: when each of them tries again. */
class Crowd {
  attempts = 0
  #random
  #failures
  /** By step. @type {(number[] | undefined)[]} */
  #due = []

  /** @param {number} size @param {number} seed */
  constructor(size, seed) {
    this.#random = seededRandom(seed)
    this.#failures = new Uint8Array(size)
    for (let client = 0; client < size; client++) this.#plan(client, 0)
  }

  /** Who tries now. @param {number} step */
  due(step) {
    const now = this.#due[step] ?? []
    this.#due[step] = undefined
    this.attempts += now.length
    return now
  }

  /** It was not let in. @param {number} client @param {number} step */
  retry(client, step) {
    this.#failures[client] = Math.min(255, (this.#failures[client] ?? 0) + 1)
    this.#plan(client, step + 1)
  }

  /** @param {number} many */
  pick(many) {
    return Math.floor(this.#random() * many)
  }

  /** @param {number} client @param {number} from - a step */
  #plan(client, from) {
    const step = from + Math.floor(delayMs(this.#failures[client] ?? 0, this.#random()) / STEP_MS)
    const those = this.#due[step]
    if (those) those.push(client)
    else this.#due[step] = [client]
  }
}

/** One node, as those see it who want in. */
class Gate {
  #connected
  #costs
  #creditUs = 0
  /** @type {{ client: number, since: number }[]} */
  #queue = []
  #head = 0

  /** @param {number} connected @param {{ handshakeUs: number, clientUs: number, nodeUs: number }} costs */
  constructor(connected, costs) {
    this.#connected = connected
    this.#costs = costs
  }

  get length() {
    return this.#queue.length - this.#head
  }

  /** @param {number} client @param {number} since - a step */
  queue(client, since) {
    this.#queue.push({ client, since })
  }

  /** Takes out those who waited for too long. @param {number} step @returns {number[]} */
  giveUp(step) {
    const gone = []
    for (;;) {
      const first = this.#queue[this.#head]
      if (!first || (step - first.since) * STEP_MS < CONNECT_TIMEOUT_MS) return gone
      gone.push(first.client)
      this.#head++
    }
  }

  /** Lets in as many as it has time for in one step. Returns how many. */
  admit() {
    const { handshakeUs, clientUs, nodeUs } = this.#costs
    const free = Math.max(LEAST_SHARE, 1 - (this.#connected * clientUs + nodeUs) / 1e6)
    this.#creditUs += free * STEP_MS * 1_000
    const many = Math.min(this.length, Math.floor(this.#creditUs / handshakeUs))
    this.#head += many
    this.#connected += many
    // Time that nobody wanted is over.
    this.#creditUs = this.length === 0 ? 0 : this.#creditUs - many * handshakeUs
    if (this.length === 0) {
      this.#queue = []
      this.#head = 0
    }
    return many
  }
}
