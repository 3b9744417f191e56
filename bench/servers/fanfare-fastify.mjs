// Fanfare as a Fastify plugin, with its defaults.
import { Gateway, Hub, plain } from '@fanfare/core'
import { fanfare } from '@fanfare/fastify'
import { fastify } from 'fastify'
import { CHANNEL } from '../fan-out/contestants.mjs'
import { serveBenchmark } from './broadcaster.mjs'

const hub = new Hub()
hub.on('connect', (client) => void hub.subscribe(client, CHANNEL))
const gateway = new Gateway({ hub, protocols: { '/': plain() }, maxConnections: 1_000_000 })
const app = fastify()

serveBenchmark({
  async listen() {
    await app.register(fanfare, { gateway })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return /** @type {import('node:net').AddressInfo} */ (app.server.address()).port
  },
  subscribers: () => hub.channelCount(CHANNEL),
  broadcast(texts) {
    for (const text of texts) hub.broadcast(CHANNEL, text)
  },
})
