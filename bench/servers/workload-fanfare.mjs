// Fanfare on ws, protocol plain, every client in one channel. Arguments: the kind of texts, and whether to compress.
import { Gateway, Hub, plain } from '@fanfare/core'
import { serve } from '@fanfare/ws'
import { CHANNEL } from '../fan-out/contestants.mjs'
import { serveWorkload } from './workload.mjs'

const [kind, compression] = process.argv.slice(2)
const hub = new Hub()
hub.on('connect', (client) => void hub.subscribe(client, CHANNEL))
const gateway = new Gateway({ hub, protocols: { '/': plain() }, maxConnections: 1_000_000 })
const options = { port: 0, host: '127.0.0.1', compression: compression === 'compression' }

serveWorkload(
  {
    listen: async () => (await serve(gateway, options)).port,
    subscribers: () => hub.channelCount(CHANNEL),
    broadcast: (text) => hub.broadcast(CHANNEL, text),
  },
  /** @type {import('../load/texts.mjs').TextKind} */ (kind),
)
