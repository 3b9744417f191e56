// Fanfare on ws, with its defaults: every client is in one channel, and speaks the protocol named in the argument. With
// another argument, `uncounted`, without budgets.
import { Gateway, Hub, native, plain } from '@fanfare/core'
import { serve } from '@fanfare/ws'
import { CHANNEL } from '../fan-out/contestants.mjs'
import { serveBenchmark } from './broadcaster.mjs'

if (process.argv.includes('uncounted')) await import('./uncounted.mjs')

const protocol = process.argv[2] === 'native' ? native() : plain()
const hub = new Hub()
hub.on('connect', (client) => void hub.subscribe(client, CHANNEL))
const gateway = new Gateway({ hub, protocols: { '/': protocol }, maxConnections: 1_000_000 })

serveBenchmark({
  listen: async () => (await serve(gateway, { port: 0, host: '127.0.0.1' })).port,
  subscribers: () => hub.channelCount(CHANNEL),
  broadcast(texts) {
    for (const text of texts) hub.broadcast(CHANNEL, text)
  },
})
