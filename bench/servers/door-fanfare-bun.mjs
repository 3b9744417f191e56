// Fanfare on Bun.serve, with its defaults; the server subscribes its clients. Run by Bun.
import { Gateway, Hub, plain } from '@fanfare/core'
import { serve } from '@fanfare/bun'
import { CHANNEL } from '../door/contestants.mjs'
import { serveDoor } from './door.mjs'

const hub = new Hub()
hub.on('connect', (client) => void hub.subscribe(client, CHANNEL))
const gateway = new Gateway({ hub, protocols: { '/': plain() }, maxConnections: 1_000_000 })

serveDoor({
  listen: async () => (await serve(gateway, { port: 0, host: '127.0.0.1' })).port,
  clients: () => hub.channelCount(CHANNEL),
})
