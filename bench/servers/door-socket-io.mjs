// The rival: everybody in one room. Its defaults, but for the polling transport, which no client here uses.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { CHANNEL } from '../door/contestants.mjs'
import { serveDoor } from './door.mjs'

const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false })
io.on('connection', (socket) => socket.join(CHANNEL))

serveDoor({
  async listen() {
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (http.address()).port
  },
  clients: () => io.of('/').adapter.rooms.get(CHANNEL)?.size ?? 0,
})
