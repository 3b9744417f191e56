// A process that only publishes. Arguments: a contestant, and the address of its bus.
import { contestant } from '../cluster/contestants.mjs'
import { obey } from '../lib/commands.mjs'
import { publishing } from './cluster-publishing.mjs'

const [name = '', url = ''] = process.argv.slice(2)
const { bus, client, adapter } = contestant(name)

/** Fanfare's driver alone: neither hub nor gateway. */
async function fanfare() {
  const { driverOn, up } = await import('./cluster-driver.mjs')
  const { driver } = driverOn(bus, url)
  await up(driver)
  return publishing((channel, payload) => driver.publish({ channel, payload }))
}

/** A server that listens on nothing, neither for clients nor on Redis. */
async function socketIo() {
  const { Server } = await import('socket.io')
  const { adapterOn, redisClient } = await import('./cluster-socket-io-adapter.mjs')
  const redis = redisClient(url)
  await redis.ping()
  const io = new Server({ adapter: adapterOn(adapter, redis) })
  return publishing(async (channel, text) => void io.to(channel).emit('message', text))
}

obey({ ...(await (client === 'socket.io' ? socketIo() : fanfare())), ready: () => undefined })
