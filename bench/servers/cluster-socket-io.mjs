// A node of the rival: its defaults and its adapter on Redis, but for the polling transport, which no client here uses.
// Arguments: the bus, its address, and which adapter.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { obey } from '../lib/commands.mjs'
import { nodeCommands } from './cluster-node.mjs'
import { adapterOn, redisClient } from './cluster-socket-io-adapter.mjs'

const [, url = '', kind] = process.argv.slice(2)
const publisher = redisClient(url)
const subscriber = redisClient(url)
let received = 0
// The plain adapter listens on a pattern, and on channels for what the nodes ask each other; the sharded one on channels.
for (const event of ['pmessageBuffer', 'messageBuffer', 'smessageBuffer']) {
  subscriber.on(event, () => received++)
}
const http = createServer()
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  adapter: adapterOn(kind, publisher, subscriber),
})
/** @type {import('socket.io').Socket[]} */
const clients = []
io.on('connection', (socket) => void clients.push(socket))

/** What is sent on one connection is done in its order: after this, every subscription before it is there. */
async function settled() {
  await (kind === 'sharded' ? subscriber.ssubscribe('bench') : subscriber.subscribe('bench'))
}

obey(
  nodeCommands({
    async listen() {
      http.listen(0, '127.0.0.1')
      await once(http, 'listening')
      await settled()
      return /** @type {import('node:net').AddressInfo} */ (http.address()).port
    },
    clients: () => clients.length,
    async join(index, channels) {
      await clients[index]?.join([...channels])
    },
    settled,
    received: () => received,
  }),
)
