// Fanfare on ws, protocol plain, with its defaults; it can also bring its latest client so far behind that nothing fits any more.
import { setTimeout as sleep } from 'node:timers/promises'
import { Gateway, Hub, plain } from '@fanfare/core'
import { serve } from '@fanfare/ws'
import { CHANNEL } from '../fan-out/contestants.mjs'
import { textsOf } from '../load/texts.mjs'
import { serveWorkload } from './workload.mjs'

const KIND = 'long'
/** A channel of the latest client alone. */
const FLOOD = 'flood'
const FLOOD_AT_ONCE = 64
const FLOOD_PAUSE_MS = 5
/** With this close code clients go that are too slow. */
const SLOW = 4_101
/** More than the kernel, the socket and the outbox of one client hold together. */
const MOST_FLOOD_BYTES = 256 * 2 ** 20

const hub = new Hub()
/** @type {import('@fanfare/core').Client | undefined} */
let latest
let slow = 0
hub.on('connect', (client) => {
  latest = client
  void hub.subscribe(client, CHANNEL)
})
hub.on('disconnect', ({ code }) => {
  if (code === SLOW) slow++
})
const gateway = new Gateway({ hub, protocols: { '/': plain() }, maxConnections: 1_000_000 })

/** What waits in outboxes, what was dropped because they are full, and how many clients were closed as slow. */
function behind() {
  const { frames, dropped } = hub.stats()
  return { queued: frames.queued, overflow: dropped.overflow, slow }
}

/** Sends the latest client alone so much that in the end everything is dropped. Returns the bytes that this took. */
async function flood() {
  if (!latest) throw new Error('nobody is there')
  await hub.subscribe(latest, FLOOD)
  const { text, bytes } = textsOf(KIND)
  let sent = 0
  for (let full = false; !full;) {
    if (sent > MOST_FLOOD_BYTES) throw new Error(`it took ${sent} bytes and reads nothing`)
    const before = behind()
    for (let left = FLOOD_AT_ONCE; left > 0; left--) hub.broadcast(FLOOD, text(0))
    sent += FLOOD_AT_ONCE * bytes
    const after = behind()
    full = after.overflow - before.overflow === FLOOD_AT_ONCE || after.slow > before.slow
    // What was written may still be on its way from one buffer of the kernel to the next.
    await sleep(FLOOD_PAUSE_MS)
  }
  hub.unsubscribe(latest, FLOOD)
  return sent
}

serveWorkload(
  {
    listen: async () => (await serve(gateway, { port: 0, host: '127.0.0.1' })).port,
    subscribers: () => hub.channelCount(CHANNEL),
    broadcast: (text) => hub.broadcast(CHANNEL, text),
  },
  KIND,
  { behind, flood },
)
