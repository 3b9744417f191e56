// Fanfare with its defaults, protocol plain, on ws or, when the argument is `bun`, on Bun.serve.
import { Gateway, Hub, plain } from '@fanfare/core'
import { namesFor, serveChannels } from './channels.mjs'

const { serve } = await (process.argv[2] === 'bun' ? import('@fanfare/bun') : import('@fanfare/ws'))
const hub = new Hub()
const gateway = new Gateway({ hub, protocols: { '/': plain() }, maxConnections: 1_000_000 })
let subscribers = 0
gateway.onConnect(async ({ client, handshake }) => {
  await Promise.all(namesFor(handshake.query('client')).map((name) => hub.subscribe(client, name)))
  subscribers++
})

serveChannels({
  listen: async () => (await serve(gateway, { port: 0, host: '127.0.0.1' })).port,
  subscribers: () => subscribers,
  publish: (channel, text) => hub.broadcast(channel, text),
})
