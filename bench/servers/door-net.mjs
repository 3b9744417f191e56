// The floor: sockets that are kept, and nothing else.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { serveDoor } from './door.mjs'

/** @type {Set<import('node:net').Socket>} */
const sockets = new Set()
const forget = () => {}

const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket)
  socket.on('error', forget)
  socket.resume()
})

serveDoor({
  async listen() {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port
  },
  clients: () => sockets.size,
})
