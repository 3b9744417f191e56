// What every node under test has in common.

/**
 * @typedef {object} Node
 * @property {() => Promise<number>} listen - on a free port of 127.0.0.1, with the bus connected; resolves to the port
 * @property {() => number} clients - how many are connected
 * @property {(index: number, channels: readonly string[]) => Promise<void>} join - subscribes the client with this index
 * @property {() => Promise<void>} settled - resolves when nothing published from now on is missed
 * @property {() => number | undefined} received - messages that came from the bus so far
 */

/**
 * The commands of a node.
 *
 * @param {Node} node
 * @returns {Record<string, (options: any) => unknown>}
 */
export function nodeCommands(node) {
  return {
    listen: () => node.listen(),
    clients: () => node.clients(),
    /** All clients join all channels; or, spread, each client a part of them and each channel has one client. */
    join: async ({ channels, spread }) => {
      const many = node.clients()
      const part = (/** @type {number} */ client) =>
        channels.filter(
          (/** @type {string} */ _, /** @type {number} */ at) => !spread || at % many === client,
        )
      await Promise.all(Array.from({ length: many }, (_, client) => node.join(client, part(client))))
      await node.settled()
    },
    received: () => node.received(),
    /** CPU time so far, all threads, in milliseconds. */
    cpu: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e3
    },
    exit: () => process.exit(0),
  }
}
