// The twin: what one writes who has nothing but node:http.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { serveBenchmark } from './broadcaster.mjs'

/** @type {Set<import('node:http').ServerResponse>} */
const streams = new Set()
let id = 0
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(':\n\n')
  streams.add(response)
  response.on('close', () => streams.delete(response))
})

serveBenchmark({
  async listen() {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port
  },
  subscribers: () => streams.size,
  broadcast(texts) {
    for (const text of texts) {
      const event = `id: ${++id}\ndata: ${text}\n\n`
      for (const stream of streams) stream.write(event)
    }
  },
})
