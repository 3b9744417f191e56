// The rival: one room per channel. Its defaults, but for the polling transport, which no client here uses.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { clientIn, namesFor, serveChannels } from './channels.mjs'

const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false })
let subscribers = 0
io.on('connection', async (socket) => {
  await socket.join(namesFor(clientIn(socket.request.url)))
  subscribers++
})

serveChannels({
  async listen() {
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (http.address()).port
  },
  subscribers: () => subscribers,
  publish: (channel, text) => void io.to(channel).emit('message', text),
})
