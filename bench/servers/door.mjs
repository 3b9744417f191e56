// What every server of connect and idle has in common: it lets clients in, and says what they cost.
import { obey } from '../lib/commands.mjs'

/** Collections before a sample: what one leaves, another may take. */
const COLLECTIONS = 3

/**
 * @typedef {object} DoorSubject
 * @property {() => Promise<number>} listen - on a free port of 127.0.0.1; resolves to the port
 * @property {() => number} clients - that are connected, and subscribed where there is something to subscribe to
 */

/** @param {DoorSubject} subject */
export function serveDoor(subject) {
  obey({
    listen: () => subject.listen(),
    clients: () => subject.clients(),
    cpu: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e3
    },
    memory: measureMemory,
    exit: () => process.exit(0),
  })
}

/** What the process holds, in bytes, after everything was collected that can be. */
async function measureMemory() {
  const { Bun } = /** @type {any} */ (globalThis)
  for (let left = COLLECTIONS; left > 0; left--) {
    if (Bun) Bun.gc(true)
    else await giveBack()
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}

/**
 * What V8 does when memory is short: it collects, compacts, and gives free pages back. `gc()` does not compact, and leaves holes of
 * hundreds of bytes per connection, more or less by chance.
 */
async function giveBack() {
  const { Session } = await import('node:inspector/promises')
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.collectGarbage')
  session.disconnect()
}
