// The twin: what one writes who has nothing but `@fastify/websocket`.
import websocket from '@fastify/websocket'
import { fastify } from 'fastify'
import { serveBenchmark } from './broadcaster.mjs'

const app = fastify()

serveBenchmark({
  async listen() {
    await app.register(websocket)
    app.get('/', { websocket: true }, () => {})
    await app.listen({ port: 0, host: '127.0.0.1' })
    return /** @type {import('node:net').AddressInfo} */ (app.server.address()).port
  },
  subscribers: () => app.websocketServer.clients.size,
  broadcast(texts) {
    for (const text of texts) for (const client of app.websocketServer.clients) client.send(text)
  },
})
