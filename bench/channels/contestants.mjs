import { contestant as onOneChannel } from '../fan-out/contestants.mjs'

/** @typedef {import('../fan-out/contestants.mjs').Contestant} Contestant */

/** A contestant of fan-out on many channels. @param {string} name @param {Partial<Contestant>} changes @returns {Contestant} */
function like(name, changes) {
  return { ...onOneChannel(name), ...changes }
}

/** Clients add their number to the path. @type {Record<string, Contestant>} */
export const contestants = {
  'fanfare-ws': like('fanfare-plain', {
    title: 'fanfare on ws',
    server: 'channels-fanfare.mjs',
    args: ['ws'],
    path: '/?',
  }),
  ws: like('ws', {
    title: 'ws: for (const client of channels.get(name)) client.send(text)',
    server: 'channels-ws.mjs',
    path: '/?',
  }),
  'socket.io': like('socket.io', {
    title: 'socket.io: io.to(room).emit(name, text)',
    server: 'channels-socket-io.mjs',
  }),
  'fanfare-bun': like('fanfare-bun', {
    title: 'fanfare on Bun.serve',
    server: 'channels-fanfare.mjs',
    args: ['bun'],
    path: '/?',
  }),
  'bun-publish': like('bun-publish', {
    title: 'Bun: server.publish(name, text)',
    server: 'channels-bun.mjs',
    path: '/?',
  }),
}

/** @param {string} name */
export function contestant(name) {
  const found = contestants[name]
  if (!found) throw new Error(`no such contestant: ${name}`)
  return found
}
