import { setTimeout as sleep } from 'node:timers/promises'
import { CHANNEL } from '../fan-out/contestants.mjs'
import { Child } from '../lib/child.mjs'
import { contestant } from './contestants.mjs'

/** Messages published at once, and how many such turns the publisher may be ahead of the slowest subscriber. */
export const PER_TURN = 10
export const AHEAD = 4
/** Messages one by one, each waiting for the one before it, before anything counts. */
const WARM_UP_TURNS = 400
/** Several times what is needed on a busy machine: it bounds a run in which a message got lost. */
const PATIENCE_MS = 30_000
const PATIENCE_PER_DELIVERY_MS = 0.2
/** How long the nodes may take to know of every client. */
const JOIN_MS = 30_000

/**
 * @typedef {object} Measurement
 * @property {number} messages
 * @property {number} deliveries
 * @property {number} cpu - µs per delivery, of all nodes
 * @property {number | undefined} publisherCpu - µs per message, where the publisher is a process of its own
 * @property {number} perSecond - messages
 * @property {{ p50: number, p99: number } | undefined} latency - ms from the publisher's call to the subscriber; where paced
 */

/** The node processes of one contestant. */
export class Nodes {
  /** @readonly */
  all
  #profiled

  /**
   * @param {string} name - of a contestant
   * @param {number} many
   * @param {string} url - of its bus
   * @param {string | undefined} profiles - a folder for CPU profiles
   */
  constructor(name, many, url, profiles) {
    const { node, bus, adapter } = contestant(name)
    const args = adapter ? [bus, url, adapter] : [bus, url]
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    this.#profiled = profiles !== undefined
    this.all = Array.from(
      { length: many },
      () => new Child(new URL(`../servers/${node}`, import.meta.url), args, profiling),
    )
  }

  /** @param {string} command @param {unknown} [options] @returns {Promise<any[]>} one answer per node */
  ask(command, options) {
    return Promise.all(this.all.map((node) => node.ask(command, options)))
  }

  /** Resolves when they know of so many clients. @param {number} clients */
  async know(clients) {
    const deadline = Date.now() + JOIN_MS
    while (sum(await this.ask('clients')) < clients) {
      if (Date.now() > deadline) throw new Error(`not everybody was connected within ${JOIN_MS} ms`)
      await sleep(20)
    }
  }

  async stop() {
    await Promise.all(this.all.map((node) => node.stop(this.#profiled)))
  }
}

/** The process that publishes for a contestant. @param {string} name @param {string} url */
export function publisherOf(name, url) {
  return new Child(new URL('../servers/cluster-publisher.mjs', import.meta.url), [name, url])
}

/** Nodes, a publisher, and subscribers of one channel; from the first handshake to the end of all processes. */
export class Session {
  #nodes
  #publisher
  /** Whether the publisher is no process of its own. */
  #inNode
  #load
  #subscribers
  #next = 0
  /** @type {Promise<never>} */
  #failed

  /**
   * @param {string} name - of a contestant
   * @param {{ nodes: number, subscribers: number, url: string, profiles: string | undefined }} plan
   */
  constructor(name, { nodes, subscribers, url, profiles }) {
    this.#subscribers = subscribers
    this.#nodes = new Nodes(name, nodes, url, profiles)
    const [first] = this.#nodes.all
    this.#inNode = contestant(name).bus === 'memory'
    const publisher = this.#inNode && first ? first : publisherOf(name, url)
    this.#publisher = publisher
    this.#load = new Child(new URL('load.mjs', import.meta.url), [name])
    this.#failed = new Promise((_, reject) => {
      this.#load.onNote = ({ turns, failure }) => {
        if (failure === undefined) publisher.tell({ command: 'acknowledge', options: turns })
        else reject(new Error(`${name}, ${nodes} nodes: ${failure}`))
      }
    })
    this.#failed.catch(() => {})
  }

  /** Connects everybody; done when everybody got a first message. */
  async open() {
    const many = this.#subscribers
    const ports = await this.#unlessFailed(this.#nodes.ask('listen'))
    await this.#ask(this.#load, 'open', { ports, many })
    await this.#unlessFailed(this.#nodes.know(many))
    await this.#unlessFailed(this.#nodes.ask('join', { channels: [CHANNEL], spread: false }))
    if (!this.#inNode) await this.#ask(this.#publisher, 'ready')
    const first = this.#next++
    await this.#ask(this.#load, 'await', { first })
    await this.#ask(this.#publisher, 'publish', { channel: CHANNEL, first })
    await this.#ask(this.#load, 'joined')
  }

  /**
   * Runs until the code is compiled, of messages that come one by one too. What a node does once per turn it does far
   * less often than what it does once per message when they come in heaps.
   *
   * @param {number} messages
   */
  async warmUp(messages) {
    await this.fast(messages)
    await this.#measure('fast', { perTurn: 1, turns: WARM_UP_TURNS, ahead: 1, timed: false })
  }

  /** As fast as the subscribers acknowledge. @param {number} messages */
  fast(messages) {
    const turns = Math.ceil(messages / PER_TURN)
    return this.#measure('fast', { perTurn: PER_TURN, turns, ahead: AHEAD, timed: false })
  }

  /** So many a second. @param {number} messages @param {number} perSecond */
  paced(messages, perSecond) {
    return this.#measure('paced', { perTurn: 1, turns: messages, perSecond, timed: true })
  }

  async close() {
    await Promise.all([this.#nodes.stop(), this.#publisher.stop()])
    await this.#load.stop()
  }

  /**
   * @param {'fast' | 'paced'} how
   * @param {{ perTurn: number, turns: number, timed: boolean, ahead?: number, perSecond?: number }} pace
   * @returns {Promise<Measurement>}
   */
  async #measure(how, pace) {
    const plan = { channel: CHANNEL, first: this.#next, ...pace }
    const messages = pace.perTurn * pace.turns
    const deliveries = messages * this.#subscribers
    this.#next += messages
    await this.#ask(this.#load, 'expect', plan)
    const before = sum(await this.#nodes.ask('cpu'))
    const atLeastMs = (messages * 1000) / (pace.perSecond ?? Infinity)
    const patience = PATIENCE_MS + deliveries * PATIENCE_PER_DELIVERY_MS + atLeastMs
    const { cpuMs, wallMs, sentAt } = await this.#ask(this.#publisher, how, plan, patience)
    const cpu = sum(await this.#nodes.ask('cpu')) - before
    const finished = await this.#ask(this.#load, 'finished')
    if (finished !== this.#subscribers) throw new Error(`only ${finished} subscribers have every message`)
    return {
      messages,
      deliveries,
      cpu: (cpu * 1000) / deliveries,
      publisherCpu: this.#inNode ? undefined : (cpuMs * 1000) / messages,
      perSecond: (messages * 1000) / wallMs,
      latency: pace.timed ? await this.#ask(this.#load, 'latency', { sentAt }) : undefined,
    }
  }

  /**
   * @param {Child} child
   * @param {string} command
   * @param {unknown} [options]
   * @param {number} [patienceMs]
   */
  #ask(child, command, options, patienceMs) {
    return this.#unlessFailed(child.ask(command, options, patienceMs))
  }

  /** @template T @param {Promise<T>} asked @returns {Promise<T>} */
  #unlessFailed(asked) {
    return Promise.race([asked, this.#failed])
  }
}

/** @param {readonly number[]} values */
function sum(values) {
  return values.reduce((all, one) => all + one, 0)
}
