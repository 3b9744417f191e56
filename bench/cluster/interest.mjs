// Whether a node gets from the bus what its clients are subscribed to, and nothing else.
import { setTimeout as sleep } from 'node:timers/promises'
import { clientOf, contestant } from './contestants.mjs'
import { Listener } from './listener.mjs'
import { Nodes, publisherOf } from './session.mjs'

const CHANNELS = 300
/** Each node has one of so many parts of the channels. */
const PARTS = 3
/** One channel in so many is everybody's. */
const SHARED_EVERY = 10
/** Messages on each channel. */
const ROUNDS = 3
const CLIENTS_PER_NODE = 10
/** How long what was published may take to be everywhere. */
const PATIENCE_MS = 15_000

/**
 * What one node got.
 *
 * @typedef {object} NodeInterest
 * @property {string} name - of the contestant
 * @property {number} node
 * @property {number} channels - that its clients are subscribed to
 * @property {number} carried - messages that were published on these
 * @property {number} published - messages that were published on all channels
 * @property {number} received - messages that came from the bus
 * @property {number} deliveries - to its clients; as many as were carried
 */

/** @typedef {{ rows: NodeInterest[], faults: string[] }} Interest */

const channels = Array.from({ length: CHANNELS }, (_, index) => `interest.${index}`)

/** The last of all channels is shared: who got its last message got everything before it. @param {number} node */
function channelsOf(node) {
  const shared = (/** @type {number} */ index) => index % SHARED_EVERY === SHARED_EVERY - 1
  return channels.filter((_, index) => shared(index) || index % PARTS === node % PARTS)
}

/**
 * Publishes on all channels, and counts.
 *
 * @param {string} name - of a contestant whose bus says what it carries
 * @param {{ nodes: number, url: string }} plan
 * @returns {Promise<Interest>} `faults`: in what the contestant has to do right, and did not
 */
export async function measureInterest(name, { nodes: many, url }) {
  const nodes = new Nodes(name, many, url, undefined)
  const publisher = publisherOf(name, url)
  /** @type {Listener[][]} */
  let listeners = []
  try {
    const ports = await nodes.ask('listen')
    listeners = ports.map((port) =>
      Array.from({ length: CLIENTS_PER_NODE }, () => new Listener(port, clientOf(name))),
    )
    await Promise.all(listeners.flat().map((listener) => listener.open()))
    await nodes.know(many * CLIENTS_PER_NODE)
    await Promise.all(
      nodes.all.map((node, at) => node.ask('join', { channels: channelsOf(at), spread: true })),
    )
    await publisher.ask('ready')
    const before = await nodes.ask('received')
    await publisher.ask('scatter', { channels, rounds: ROUNDS })
    await arrived(listeners)
    const after = await nodes.ask('received')
    const rows = listeners.map((group, node) => ({
      name,
      node: node + 1,
      channels: channelsOf(node).length,
      carried: channelsOf(node).length * ROUNDS,
      published: CHANNELS * ROUNDS,
      received: after[node] - before[node],
      deliveries: count(group, 'came'),
    }))
    return { rows, faults: listeners.flatMap((group, node) => faultsOf(rows[node], group)) }
  } finally {
    for (const listener of listeners.flat()) listener.leave()
    await Promise.all([nodes.stop(), publisher.stop()])
  }
}

/** Resolves when every client has everything, or when it takes too long. @param {Listener[][]} listeners */
async function arrived(listeners) {
  const deadline = Date.now() + PATIENCE_MS
  const complete = () =>
    listeners.every((group, node) => count(group, 'different') >= channelsOf(node).length * ROUNDS)
  while (!complete() && Date.now() < deadline) await sleep(20)
}

/** @param {NodeInterest | undefined} row @param {Listener[]} group */
function faultsOf(row, group) {
  if (!row) return []
  const { name, node, carried, received, deliveries } = row
  const faults = []
  if (count(group, 'different') !== carried || deliveries !== carried) {
    const different = count(group, 'different')
    faults.push(
      `${name}: the clients of node ${node} got ${different} messages, ${deliveries} times, not ${carried} once`,
    )
  }
  if (contestant(name).ours && received !== carried) {
    faults.push(`${name}: node ${node} received ${received} messages from the bus, not ${carried}`)
  }
  return faults
}

/** @param {Listener[]} group @param {'came' | 'different'} what */
function count(group, what) {
  return group.reduce((all, listener) => all + listener[what], 0)
}
