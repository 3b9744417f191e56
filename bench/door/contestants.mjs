/**
 * A server that lets clients in.
 *
 * @typedef {object} Contestant
 * @property {string} title
 * @property {string} server - the script in servers/
 * @property {string[]} args - what the script is told
 * @property {string | undefined} path - what the client asks for in its upgrade request; without one it only connects
 * @property {string[]} hello - the frames the client sends once the connection is upgraded
 * @property {string | undefined} answer - the text that the client waits for then
 * @property {Record<string, string>} pings - text frames that ask for a sign of life, and the answers
 * @property {'bun'} [runtime] - of the server, when it is not Node
 */

export const CHANNEL = 'bench'

/** @type {Omit<Contestant, 'title' | 'server'>} */
const bare = { args: [], path: '/', hello: [], answer: undefined, pings: {} }

/** Clients that subscribe by themselves. */
const asking = {
  hello: [`{"op":"sub","id":1,"channel":"${CHANNEL}"}`],
  answer: `{"op":"ok","id":1,"channel":"${CHANNEL}"}`,
}

/** @type {Record<string, Contestant>} */
export const contestants = {
  net: { ...bare, title: 'net: a socket in a set', server: 'door-net.mjs', path: undefined },
  ws: { ...bare, title: 'ws: nobody listens', server: 'door-ws.mjs' },
  'ws-answering': {
    ...bare,
    ...asking,
    title: 'ws: hello, JSON, a set in a Map, an answer',
    server: 'door-ws.mjs',
    args: ['answering'],
  },
  'fanfare-plain': {
    ...bare,
    title: 'fanfare on ws, plain, subscribed by the server',
    server: 'door-fanfare.mjs',
    args: ['plain'],
  },
  'fanfare-native': {
    ...bare,
    ...asking,
    title: 'fanfare on ws, native, subscribed by itself',
    server: 'door-fanfare.mjs',
    args: ['native'],
    pings: { '{"op":"ping"}': '{"op":"pong"}' },
  },
  bun: { ...bare, title: 'Bun: a socket in a set', server: 'door-bun.mjs', runtime: 'bun' },
  'fanfare-bun': {
    ...bare,
    title: 'fanfare on Bun.serve, plain, subscribed by the server',
    server: 'door-fanfare-bun.mjs',
    runtime: 'bun',
  },
  'socket.io': {
    ...bare,
    title: 'socket.io: socket.join(room)',
    server: 'door-socket-io.mjs',
    path: '/socket.io/?EIO=4&transport=websocket',
    hello: ['40'],
    pings: { 2: '3' },
  },
}

/** @param {string} name */
export function contestant(name) {
  const found = contestants[name]
  if (!found) throw new Error(`no such contestant: ${name}`)
  return found
}
