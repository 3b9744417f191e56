// A live dashboard: figures of this process, ten times a second. A page that is too slow to show each of them gets the
// newest alone, because each figure is sent under a key of its own.
import process from 'node:process'

import { Gateway, Hub } from '@fanfare/core'

import { servePage } from '../page.mjs'

const CHANNEL = 'dashboard'
const EVERY_MS = 100

/** @param {number} port */
export async function start(port) {
  const hub = new Hub({ slowConsumer: { channels: { [CHANNEL]: 'conflate' } } })
  const gateway = new Gateway({ hub })

  const figures = {
    memory: () => process.memoryUsage().rss,
    clients: () => hub.count(),
    uptime: () => Math.round(process.uptime()),
  }
  const timer = setInterval(() => {
    for (const [name, read] of Object.entries(figures)) {
      gateway.to(CHANNEL).send('figure', { name, value: read() }, { key: name })
    }
  }, EVERY_MS)

  const served = await servePage(gateway, new URL('index.html', import.meta.url), port)
  return {
    ...served,
    close: async () => {
      clearInterval(timer)
      await served.close()
    },
  }
}
