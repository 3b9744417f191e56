// The twin on Bun.serve: every socket is subscribed to its topics. Run by Bun.
import { clientIn, namesFor, serveChannels } from './channels.mjs'

/** @type {any} */
let server
let subscribers = 0

serveChannels({
  listen() {
    const { Bun } = /** @type {any} */ (globalThis)
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (/** @type {any} */ request, /** @type {any} */ host) =>
        host.upgrade(request, { data: clientIn(request.url) })
          ? undefined
          : new Response(null, { status: 426 }),
      websocket: {
        open(/** @type {any} */ socket) {
          for (const name of namesFor(socket.data)) socket.subscribe(name)
          subscribers++
        },
        message() {},
        idleTimeout: 0,
      },
    })
    return Promise.resolve(server.port)
  },
  subscribers: () => subscribers,
  publish: (channel, text) => void server.publish(channel, text),
})
