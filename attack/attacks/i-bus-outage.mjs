import { WebSocket } from 'ws'

import { attackerAddress } from '../lib/addresses.mjs'
import { redisBus } from '../lib/redis.mjs'
import { sleep } from '../lib/time.mjs'

const EVERY_MS = 100
/** What is published without a bus reaches the same node's clients within 2 s, and some for a busy machine. */
const LATE_MS = 4_500

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'i',
  name: 'bus-outage',
  what: 'a client publishes 10 times a second while the bus stands still',
  around: redisBus,
  seconds: 12,
  lateMs: LATE_MS,
  async attack(place) {
    const publisher = await member(place, 0)
    const listener = await member(place, 1)
    const seen = { latest: 0, heard: 0, codes: {}, closed: 0 }
    publisher.on('close', (code) => (seen.closed = code))
    publisher.on('message', (data) => {
      const { op, code } = JSON.parse(String(data))
      if (op === 'err') seen.codes[code] = (seen.codes[code] ?? 0) + 1
    })
    listener.on('message', (data) => {
      const { op, event, data: at } = JSON.parse(String(data))
      if (op !== 'msg' || event !== 'at') return
      seen.heard++
      seen.latest = Math.max(seen.latest, performance.now() - at)
    })
    process.kill(place.bus.pid, 'SIGSTOP')
    const until = Date.now() + place.seconds * 1_000
    let said = 0
    while (Date.now() < until && publisher.readyState === WebSocket.OPEN) {
      publisher.send(
        JSON.stringify({
          op: 'pub',
          id: ++said,
          channel: 'presence-outage',
          event: 'at',
          data: performance.now(),
        }),
      )
      await sleep(EVERY_MS)
    }
    await sleep(LATE_MS)
    process.kill(place.bus.pid, 'SIGCONT')
    return { ...seen, said }
  },
  judge({ results: [{ said, heard, latest, codes, closed }] }) {
    const ok = heard >= said && latest <= LATE_MS && closed === 0 && !('internal' in (codes ?? {}))
    const ends = closed ? `, closed ${closed}` : ''
    return [
      {
        what: 'own',
        ok,
        said: `${heard}/${said} heard, ${Math.round(latest)} ms late, ${JSON.stringify(codes)}${ends}`,
      },
    ]
  },
}

/** Somebody in the room. @returns {Promise<WebSocket>} */
function member({ port }, index) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { localAddress: attackerAddress(index) })
    const auth = { data: { name: `member ${index}` } }
    socket.once('open', () =>
      socket.send(JSON.stringify({ op: 'sub', id: 1, channel: 'presence-outage', auth })),
    )
    socket.on('message', (data) => {
      if (String(data).includes('"op":"ok"')) resolve(socket)
    })
    socket.once('error', reject)
  })
}
