// One node of a cluster, as a process of its own: a gateway on ws, bridged to the bus of its argument. It does what its
// parent says, and tells what came of it.
import { bridge } from '@fanfare/broadcasting'
import { Gateway, Hub } from '@fanfare/core'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'
import { serve } from '@fanfare/ws'

const [url] = process.argv.slice(2)
const driver = url.startsWith('redis') ? redis(url) : nats(url)
const hub = new Hub({ authorizer: ({ auth }) => auth !== undefined })
const link = bridge(hub, driver)
const gateway = new Gateway({
  hub,
  authenticate: ({ token }) => (token ? { id: token } : undefined),
  rateLimit: false,
})
const server = await serve(gateway, { path: '/live' })

const ORDERS = {
  send: ({ channel, event, data, except = [] }) =>
    gateway
      .to(channel)
      .except(...except)
      .publish(event, data),
  sendTo: ({ id, payload, event }) => link.sendTo(id, payload, { event }),
  disconnect: ({ id, code, reason }) => link.disconnect(id, code, reason),
  stats: () => ({
    clients: hub.count(),
    channels: hub.channels(),
    bus: driver.stats(),
    onBus: link.channels,
  }),
  async end() {
    await hub.close()
    await link.close()
    await driver.close()
    await server.close()
  },
}

async function execute({ ref, order, ...parts }) {
  try {
    process.send({ ref, result: await ORDERS[order](parts) })
  } catch (error) {
    process.send({ ref, error: error.code ?? String(error) })
  }
  if (order === 'end') process.disconnect()
}

process.on('message', (message) => void execute(message))
// Without a parent there is nobody to end it.
process.on('disconnect', () => process.exit())
// From then on the other nodes reach this one.
if (driver.status() !== 'up') {
  await new Promise((resolve) => {
    const cancel = driver.onStatus((status) => {
      if (status !== 'up') return
      cancel()
      resolve()
    })
  })
}
process.send({ ready: `ws://127.0.0.1:${server.port}/live`, node: hub.node })
