import { contestant as fanOutContestant } from '../fan-out/contestants.mjs'

/** @typedef {'memory' | 'redis' | 'nats'} BusName */

/**
 * One way to bring what one process publishes to the clients of many.
 *
 * @typedef {object} Contestant
 * @property {string} title
 * @property {BusName} bus
 * @property {string} node - the script in servers/ that every node runs
 * @property {'fanfare-native' | 'socket.io'} client - what the clients speak: a contestant of fan-out
 * @property {boolean} ours - the check of what its nodes receive has to hold
 * @property {'sharded'} [adapter] - of Socket.IO, when it is not the plain one
 * @property {boolean} [interestOnly] - takes part in nothing but the check of what the nodes receive
 */

/** @type {{ node: string, client: 'fanfare-native', ours: boolean }} */
const fanfare = { node: 'cluster-fanfare.mjs', client: 'fanfare-native', ours: true }
/** @type {{ node: string, client: 'socket.io', ours: boolean }} */
const socketIo = { node: 'cluster-socket-io.mjs', client: 'socket.io', ours: false }

/** @type {Record<string, Contestant>} */
export const contestants = {
  'fanfare-memory': { ...fanfare, title: 'fanfare over memory', bus: 'memory' },
  'fanfare-redis': { ...fanfare, title: 'fanfare over Redis', bus: 'redis' },
  'fanfare-nats': { ...fanfare, title: 'fanfare over NATS', bus: 'nats' },
  'socket.io-redis': { ...socketIo, title: 'socket.io, createAdapter on Redis', bus: 'redis' },
  'socket.io-sharded': {
    ...socketIo,
    title: 'socket.io, createShardedAdapter on Redis',
    bus: 'redis',
    adapter: 'sharded',
    interestOnly: true,
  },
}

/** @param {string} name */
export function contestant(name) {
  const found = contestants[name]
  if (!found) throw new Error(`no such contestant: ${name}`)
  return found
}

/** How its clients open a connection and what they get. @param {string} name */
export function clientOf(name) {
  return fanOutContestant(contestant(name).client)
}

/** Whether it can have so many nodes: what stays in one process cannot. @param {string} name @param {number} nodes */
export function canHave(name, nodes) {
  return nodes === 1 || contestant(name).bus !== 'memory'
}
