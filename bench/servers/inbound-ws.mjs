// The twin: what one writes who has nothing but `ws`: JSON, and a function by the name in it.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { METHODS } from '../inbound/message.mjs'
import { serveReceiver } from './receiver.mjs'

serveReceiver(async (handle) => {
  /** @type {Map<string, (data: any) => void>} */
  const handlers = new Map(METHODS.map((method) => [method, ({ number }) => handle(number)]))
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('message', (raw) => {
      const { method, data } = JSON.parse(String(raw))
      handlers.get(method)?.(data)
    })
  })
  await once(server, 'listening')
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port
})
