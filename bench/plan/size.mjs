// How many nodes, and what each of them has to do.

/** @typedef {import('./options.mjs').Load} Load */
/** @typedef {import('./figures.mjs').Figures} Figures */

/** What a process takes before anybody comes. Not measured; it matters for small nodes alone. */
const PROCESS_BYTES = 100 * 2 ** 20
/** Of `hub.outbox`, by default. */
const OUTBOX_BYTES = 2 ** 20
/** Around a payload in `native`: the words of the frame, short names, and the head of a WebSocket frame. */
const FRAME_BYTES = 74
/** Ethernet, IP and TCP with timestamps, for each packet, and what a packet carries. */
const PACKET_BYTES = 66
const PACKET_PAYLOAD = 1_448
/** Around a payload on the bus. */
const LETTER_BYTES = 150
const MOST_NODES = 1_000_000
/** Of the core of a node that the handshakes of a deployment may take. */
const DEPLOY_SHARE = 0.2
const LEAST_WINDOW_SECONDS = 10

/**
 * A node of so many.
 *
 * @typedef {object} NodeSize
 * @property {number} clients
 * @property {number} deliveries - a second
 * @property {number} busMessages - a second, that come from the bus
 * @property {number} subscriptions - channels that it asks the bus for
 * @property {number} busy - of its core, from 0 to 1
 * @property {number | undefined} memoryBytes - of its process, while nobody is slow
 * @property {number} outboxBytes - beyond that, when everybody is slow and every outbox full
 * @property {number} egress - bytes a second to clients, on the network
 * @property {number} ingress - bytes a second from the bus
 */

/**
 * @typedef {object} Size
 * @property {number} deliveries - a second, in all
 * @property {number} published - messages a second, in all
 * @property {number} channels - in all
 * @property {number} spread - nodes that a channel is on
 * @property {number} needed - nodes, for CPU and memory
 * @property {number} nodes - with the spare ones
 * @property {NodeSize} node - one of {@link nodes}
 * @property {number} busOut - messages a second that the bus sends to all nodes
 * @property {number | undefined} accepts - handshakes a second, of a node that does nothing else
 * @property {number | undefined} drainSeconds - the window in which a node is drained in a deployment
 */

/**
 * @param {Load} load
 * @param {Figures} figures - `deliveryUs` is needed
 * @returns {Size | undefined} `undefined`: no number of nodes is enough, since each is busy with what the bus brings
 */
export function sized(load, figures) {
  const needed = fewest((nodes) => fits(nodeOf(nodes, load, figures), load))
  if (needed === undefined) return undefined
  const nodes = needed + load.spare
  const node = nodeOf(nodes, load, figures)
  const { handshakeUs } = figures
  return {
    deliveries: load.clients * load.rate,
    published: publishedOf(load),
    channels: Math.ceil((load.clients * load.channels) / load.perChannel),
    spread: spreadOf(nodes, load),
    needed,
    nodes,
    node,
    busOut: node.busMessages * nodes,
    accepts: handshakeUs === undefined ? undefined : 1e6 / handshakeUs,
    drainSeconds:
      handshakeUs === undefined
        ? undefined
        : Math.max(LEAST_WINDOW_SECONDS, Math.ceil((node.clients * handshakeUs) / (DEPLOY_SHARE * 1e6))),
  }
}

/**
 * What one of so many nodes has to do.
 *
 * @param {number} nodes
 * @param {Load} load
 * @param {Figures} figures
 * @returns {NodeSize}
 */
export function nodeOf(nodes, load, { deliveryUs = 0, busMessageUs = 0, connectionBytes }) {
  const clients = Math.ceil(load.clients / nodes)
  const deliveries = (load.clients * load.rate) / nodes
  const part = spreadOf(nodes, load) / nodes
  const busMessages = publishedOf(load) * part
  return {
    clients,
    deliveries,
    busMessages,
    subscriptions: Math.ceil(((load.clients * load.channels) / load.perChannel) * part),
    busy: (deliveries * deliveryUs + busMessages * busMessageUs) / 1e6,
    memoryBytes: connectionBytes === undefined ? undefined : PROCESS_BYTES + clients * connectionBytes,
    outboxBytes: clients * OUTBOX_BYTES,
    egress: deliveries * wireBytes(load),
    ingress: busMessages * (load.bytes + LETTER_BYTES),
  }
}

/**
 * On how many nodes somebody is subscribed to a channel. Where clients are on any node by chance, a node has nobody of a
 * channel with the probability (1 - 1/nodes) to the power of its clients.
 *
 * @param {number} nodes
 * @param {Pick<Load, 'spread' | 'perChannel'>} load
 */
export function spreadOf(nodes, { spread, perChannel }) {
  if (spread !== undefined) return Math.min(spread, nodes, perChannel)
  return nodes * (1 - (1 - 1 / nodes) ** perChannel)
}

/** Bytes of a delivery on the network; what goes out in one turn shares its packets. @param {Load} load */
function wireBytes({ bytes, perTurn }) {
  const written = (bytes + FRAME_BYTES) * perTurn
  return (written + Math.ceil(written / PACKET_PAYLOAD) * PACKET_BYTES) / perTurn
}

/** @param {Load} load */
function publishedOf({ clients, rate, perChannel }) {
  return (clients * rate) / perChannel
}

/** @param {NodeSize} node @param {Load} load */
function fits({ busy, memoryBytes = 0 }, { cpu, memory }) {
  return busy * 100 <= cpu && memoryBytes <= memory * 2 ** 30
}

/** The fewest nodes that are enough: more of them are never worse. @param {(nodes: number) => boolean} enough */
function fewest(enough) {
  let high = 1
  while (!enough(high)) {
    high *= 2
    if (high > MOST_NODES) return undefined
  }
  let low = Math.floor(high / 2)
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (enough(middle)) high = middle
    else low = middle
  }
  return high
}
