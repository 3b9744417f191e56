// Fanfare on Bun.serve, with its defaults. Run by Bun.
import { Gateway, Hub, plain } from '@fanfare/core'
import { serve } from '@fanfare/bun'
import { CHANNEL } from '../fan-out/contestants.mjs'
import { serveBenchmark } from './broadcaster.mjs'

const hub = new Hub()
hub.on('connect', (client) => void hub.subscribe(client, CHANNEL))
const gateway = new Gateway({ hub, protocols: { '/': plain() }, maxConnections: 1_000_000 })

serveBenchmark({
  listen: async () => (await serve(gateway, { port: 0, host: '127.0.0.1' })).port,
  subscribers: () => hub.channelCount(CHANNEL),
  broadcast(texts) {
    for (const text of texts) hub.broadcast(CHANNEL, text)
  },
})
