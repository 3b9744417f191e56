// The twin on Bun.serve: a set of its sockets, to which nobody listens. Run by Bun.
import { serveDoor } from './door.mjs'

/** @type {Set<unknown>} */
const sockets = new Set()
/** @type {any} */
let server

serveDoor({
  listen() {
    const { Bun } = /** @type {any} */ (globalThis)
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (/** @type {any} */ request, /** @type {any} */ host) =>
        host.upgrade(request) ? undefined : new Response(null, { status: 426 }),
      websocket: {
        open: (/** @type {any} */ socket) => sockets.add(socket),
        message() {},
        close: (/** @type {any} */ socket) => sockets.delete(socket),
        idleTimeout: 0,
      },
    })
    return Promise.resolve(server.port)
  },
  clients: () => sockets.size,
})
