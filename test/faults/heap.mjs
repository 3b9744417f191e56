// Publishes 5,000 messages a second while the bus is paused, and tells how much the heap grew. To be run with --expose-gc:
//   node --expose-gc heap.mjs <bus url> <protected|unprotected> <seconds>
// It says `paused?` on the channel to its parent when the bus is to be paused, and waits for the answer.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { bridge } from '@fanfare/broadcasting'
import { Hub } from '@fanfare/core'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'
import { Redis } from 'ioredis'

const [url, protection, seconds] = process.argv.slice(2)
const PER_SECOND = 5_000
const EVERY_MS = 20
const payload = JSON.stringify({ text: 'x'.repeat(100) })

/** What publishes, and how it is ended. */
function publisher() {
  if (protection === 'unprotected') {
    const client = new Redis(url)
    client.on('error', () => {})
    return {
      publish: () => client.publish('orders', payload).catch(() => {}),
      end: () => client.disconnect(),
    }
  }
  const driver = url.startsWith('redis') ? redis({ url, logger() {} }) : nats({ servers: url, logger() {} })
  const hub = new Hub()
  hub.on('error', () => {})
  const link = bridge(hub, driver)
  // A client that takes everything and keeps nothing.
  const client = hub.add({ bufferedBytes: 0, write: () => true, close() {}, terminate() {} })
  return {
    ready: () => hub.subscribe(client, 'orders'),
    publish: () => hub.broadcast('orders', payload),
    status: () => driver.status(),
    async end() {
      await hub.close()
      await link.close()
      await driver.close()
    },
  }
}

const { ready, publish, status, end } = publisher()
await ready?.()

async function publishFor(ms) {
  const until = performance.now() + ms
  let owed = 0
  for (let last = performance.now(); last < until;) {
    await sleep(EVERY_MS)
    const now = performance.now()
    owed += ((now - last) * PER_SECOND) / 1_000
    last = now
    for (; owed >= 1; owed--) void publish()
  }
}

function heap() {
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function parent(message) {
  process.send(message)
  await once(process, 'message')
}

await publishFor(3_000)
const before = heap()
await parent('paused?')
let most = 0
let seen
for (let at = 0; at < Number(seconds); at += 2) {
  await publishFor(2_000)
  most = Math.max(most, heap() - before)
  seen = status?.()
}
process.send({ grownMiB: most / 1_048_576, status: seen })
await parent('resumed?')
await end()
process.disconnect()
