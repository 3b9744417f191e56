// Fanfare on ws, with its defaults. Protocol native: clients subscribe by themselves; plain: the server subscribes them.
import { Gateway, Hub, native, plain } from '@fanfare/core'
import { serve } from '@fanfare/ws'
import { CHANNEL } from '../door/contestants.mjs'
import { serveDoor } from './door.mjs'

const speaksNative = process.argv[2] === 'native'
const hub = new Hub()
if (!speaksNative) hub.on('connect', (client) => void hub.subscribe(client, CHANNEL))
const protocols = { '/': speaksNative ? native() : plain() }
const gateway = new Gateway({ hub, protocols, maxConnections: 1_000_000 })

serveDoor({
  listen: async () => (await serve(gateway, { port: 0, host: '127.0.0.1' })).port,
  clients: () => hub.channelCount(CHANNEL),
})
