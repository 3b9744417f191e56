// The twin: `ws` with its defaults, which keeps a set of its clients. Nobody listens to them, unless the argument is
// `answering`: then it says hello, and subscribes by hand those that ask for it.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { CHANNEL } from '../door/contestants.mjs'
import { serveDoor } from './door.mjs'

const answering = process.argv[2] === 'answering'
/** @type {Map<string, Set<import('ws').WebSocket>>} */
const channels = new Map()
/** @type {WebSocketServer} */
let server

/** @param {import('ws').WebSocket} socket */
function greet(socket) {
  socket.send(JSON.stringify({ op: 'welcome', v: 1, client: randomUUID(), heartbeat: 25 }))
  socket.on('message', (raw) => {
    const { id, channel } = JSON.parse(String(raw))
    const subscribers = channels.get(channel) ?? new Set()
    channels.set(channel, subscribers.add(socket))
    socket.on('close', () => subscribers.delete(socket))
    socket.send(JSON.stringify({ op: 'ok', id, channel }))
  })
}

serveDoor({
  async listen() {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    if (answering) server.on('connection', greet)
    await once(server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port
  },
  clients: () => (answering ? (channels.get(CHANNEL)?.size ?? 0) : server.clients.size),
})
