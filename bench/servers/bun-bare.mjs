// The twins on Bun.serve: a loop over the sockets, or Bun's own publish. Run by Bun.
import { CHANNEL } from '../fan-out/contestants.mjs'
import { serveBenchmark } from './broadcaster.mjs'

const publish = process.argv[2] === 'publish'
/** @type {Set<any>} */
const sockets = new Set()
/** @type {any} */
let server

serveBenchmark({
  listen() {
    const { Bun } = /** @type {any} */ (globalThis)
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (/** @type {any} */ request, /** @type {any} */ host) =>
        host.upgrade(request) ? undefined : new Response(null, { status: 426 }),
      websocket: {
        open(/** @type {any} */ socket) {
          sockets.add(socket)
          if (publish) socket.subscribe(CHANNEL)
        },
        message() {},
        close: (/** @type {any} */ socket) => sockets.delete(socket),
        idleTimeout: 0,
      },
    })
    return Promise.resolve(server.port)
  },
  subscribers: () => sockets.size,
  broadcast(texts) {
    for (const text of texts) {
      if (publish) server.publish(CHANNEL, text)
      else for (const socket of sockets) socket.send(text)
    }
  },
})
