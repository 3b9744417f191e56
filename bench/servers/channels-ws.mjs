// The twin: what one writes who has nothing but `ws`.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { clientIn, namesFor, serveChannels } from './channels.mjs'

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const channels = new Map()
/** @type {WebSocketServer} */
let server

serveChannels({
  async listen() {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket, request) => {
      for (const name of namesFor(clientIn(request.url))) {
        let channel = channels.get(name)
        if (!channel) channels.set(name, (channel = new Set()))
        channel.add(socket)
      }
    })
    await once(server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port
  },
  subscribers: () => server.clients.size,
  publish(channel, text) {
    for (const client of channels.get(channel) ?? []) client.send(text)
  },
})
