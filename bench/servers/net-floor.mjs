// The floor: the same bytes on plain sockets, one write per client and turn. No server on Node does with less.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { textFrame } from '../load/frames.mjs'
import { serveBenchmark } from './broadcaster.mjs'

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** @type {Set<import('node:net').Socket>} */
const upgraded = new Set()

const server = createServer({ noDelay: true }, (socket) => {
  let request = ''
  socket.on('error', () => {})
  socket.on('close', () => upgraded.delete(socket))
  socket.on('data', (data) => {
    if (upgraded.has(socket)) return
    request += data.toString('latin1')
    const key = /\r\nsec-websocket-key: *([^\r\n]+)/i.exec(request)?.[1]
    if (key === undefined || !request.endsWith('\r\n\r\n')) return
    const accept = createHash('sha1')
      .update(key.trim() + WEBSOCKET_GUID)
      .digest('base64')
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    upgraded.add(socket)
  })
})

serveBenchmark({
  async listen() {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port
  },
  subscribers: () => upgraded.size,
  broadcast(texts) {
    const bytes = Buffer.concat(texts.map(textFrame))
    for (const socket of upgraded) socket.write(bytes)
  },
})
