// A node of Fanfare on ws, with its defaults, protocol native. Arguments: the bus, and its address. Over memory it is the
// publisher too: there is nothing outside of the process.
import { bridge } from '@fanfare/broadcasting'
import { Gateway, Hub, native } from '@fanfare/core'
import { serve } from '@fanfare/ws'
import { obey } from '../lib/commands.mjs'
import { driverOn, up } from './cluster-driver.mjs'
import { nodeCommands } from './cluster-node.mjs'
import { publishing } from './cluster-publishing.mjs'

const [bus = '', url = ''] = process.argv.slice(2)
const { driver, received } = driverOn(bus, url)
const hub = new Hub()
const link = bridge(hub, driver)
/** @type {import('@fanfare/core').Client[]} */
const clients = []
hub.on('connect', (client) => void clients.push(client))
const gateway = new Gateway({ hub, protocols: { '/': native() }, maxConnections: 1_000_000 })

obey({
  ...publishing((channel, payload) => driver.publish({ channel, payload })),
  ...nodeCommands({
    async listen() {
      await up(driver)
      return (await serve(gateway, { port: 0, host: '127.0.0.1' })).port
    },
    clients: () => clients.length,
    async join(index, channels) {
      const client = clients[index]
      if (client) await Promise.all(channels.map((channel) => hub.subscribe(client, channel)))
    },
    async settled() {
      if (link.status() !== 'up') throw new Error(`the bus is ${link.status()}`)
    },
    received,
  }),
})
