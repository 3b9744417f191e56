/**
 * One way to bring a text to many clients.
 *
 * @typedef {object} Contestant
 * @property {string} title
 * @property {string} server - the script in servers/
 * @property {string[]} args - what the script is told
 * @property {string} path - what the client asks for in its upgrade request
 * @property {(text: string) => string} wire - the text frame in which a payload must arrive
 * @property {string[]} hello - the frames the client sends once the connection is upgraded
 * @property {Record<string, string>} pings - text frames that ask for a sign of life, and the answers
 * @property {'bun'} [runtime] - of the server, when it is not Node
 * @property {'sse'} [speaks] - what the client speaks, when it is not WebSocket
 */

/** @type {Omit<Contestant, 'title' | 'server'>} */
const bare = { args: [], path: '/', wire: (text) => text, hello: [], pings: {} }

export const CHANNEL = 'bench'

/** @type {Contestant} */
const fanfareOnBun = { ...bare, title: 'fanfare on Bun.serve', server: 'fanfare-bun.mjs', runtime: 'bun' }

/** @type {Record<string, Contestant>} */
export const contestants = {
  net: { ...bare, title: 'net: one write per client and turn', server: 'net-floor.mjs' },
  'fanfare-plain': { ...bare, title: 'fanfare on ws, plain', server: 'fanfare-ws.mjs', args: ['plain'] },
  'fanfare-native': {
    ...bare,
    title: 'fanfare on ws, native',
    server: 'fanfare-ws.mjs',
    args: ['native'],
    wire: (text) => `{"op":"msg","channel":"${CHANNEL}","event":"message","data":${JSON.stringify(text)}}`,
    pings: { '{"op":"ping"}': '{"op":"pong"}' },
  },
  ws: { ...bare, title: 'ws: for (const client) client.send(text)', server: 'ws-bare.mjs' },
  'socket.io': {
    ...bare,
    title: 'socket.io: io.to(room).emit(name, text)',
    server: 'socket-io.mjs',
    path: '/socket.io/?EIO=4&transport=websocket',
    wire: (text) => `42${JSON.stringify(['message', text])}`,
    hello: ['40'],
    pings: { 2: '3' },
  },
  'fanfare-bun': fanfareOnBun,
  'bun-publish': {
    ...bare,
    title: 'Bun: server.publish(channel, text)',
    server: 'bun-bare.mjs',
    args: ['publish'],
    runtime: 'bun',
  },
}

const counted = contestants['fanfare-native']

/** The same server with budgets and without. @type {Record<string, Contestant>} */
export const budgeted = counted
  ? {
      'fanfare-native': counted,
      uncounted: { ...counted, title: 'the same without budgets', args: [...counted.args, 'uncounted'] },
    }
  : {}

/** The other adapters, each with its bare twin. @type {Record<string, Contestant>} */
export const adapters = {
  'fanfare-bun': fanfareOnBun,
  'bun-loop': { ...bare, title: 'Bun: for (…) socket.send(text)', server: 'bun-bare.mjs', runtime: 'bun' },
  'fanfare-fastify': { ...bare, title: 'fanfare on Fastify', server: 'fanfare-fastify.mjs' },
  'fastify-loop': {
    ...bare,
    title: '@fastify/websocket: for (…) client.send(text)',
    server: 'fastify-bare.mjs',
  },
  'fanfare-sse': {
    ...bare,
    title: 'fanfare over server-sent events',
    server: 'fanfare-sse.mjs',
    path: '/sse',
    speaks: 'sse',
  },
  'sse-loop': {
    ...bare,
    title: 'node:http: for (…) response.write(event)',
    server: 'sse-bare.mjs',
    speaks: 'sse',
  },
}

/** @param {string} name */
export function contestant(name) {
  const found = contestants[name] ?? adapters[name] ?? budgeted[name]
  if (!found) throw new Error(`no such contestant: ${name}`)
  return found
}
