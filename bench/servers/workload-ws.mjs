// The twin: ws and a loop over its clients. Arguments: the kind of texts, and whether to compress.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { serveWorkload } from './workload.mjs'

const [kind, compression] = process.argv.slice(2)
/** @type {WebSocketServer} */
let server

serveWorkload(
  {
    async listen() {
      const perMessageDeflate = compression === 'compression'
      server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate })
      await once(server, 'listening')
      return /** @type {import('node:net').AddressInfo} */ (server.address()).port
    },
    subscribers: () => server.clients.size,
    broadcast(text) {
      for (const client of server.clients) client.send(text)
    },
  },
  /** @type {import('../load/texts.mjs').TextKind} */ (kind),
)
