// The twin: what one writes who has nothing but `ws`.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { serveBenchmark } from './broadcaster.mjs'

/** @type {WebSocketServer} */
let server

serveBenchmark({
  async listen() {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port
  },
  subscribers: () => server.clients.size,
  broadcast(texts) {
    for (const text of texts) for (const client of server.clients) client.send(text)
  },
})
