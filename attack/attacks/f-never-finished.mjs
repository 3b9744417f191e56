import { sleep } from '../lib/time.mjs'
import { frameHead, many, TEXT, webSocket } from '../lib/wire.mjs'

/** Past the deadline for a message, and the second in which it is looked at. */
const LONG_S = 16

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'f',
  name: 'never-finished',
  what: '20 clients begin a message, answer pings, and never end it',
  // Where the transport does not say what is unfinished, the heartbeat ends it.
  flags: ['--ping-interval', '4s', '--pong-timeout', '4s'],
  seconds: LONG_S,
  shortSeconds: LONG_S,
  async attack(place) {
    const sockets = await many(20, (index) => webSocket(place, { index }))
    let open = sockets.length
    for (const socket of sockets) {
      socket.on('close', () => open--)
      socket.write(frameHead(TEXT, 50_000))
    }
    const until = Date.now() + LONG_S * 1_000
    while (Date.now() < until && open > 0) {
      // Each byte is a sign of life.
      for (const socket of sockets) socket.write('x')
      await sleep(500)
    }
    return open
  },
  judge: ({ results: [open] }) => [{ what: 'unfinished', ok: open === 0, said: `${open} of 20 are held` }],
}
