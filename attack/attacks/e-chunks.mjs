import { onMany } from '../lib/pieces.mjs'
import { sleep } from '../lib/time.mjs'
import { frameHead, TEXT } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'e',
  name: 'chunks',
  what: '100 clients send a message byte by byte, in packets of their own',
  seconds: 8,
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    await onMany(place, 100, async (socket) => {
      socket.write(frameHead(TEXT, 500_000))
      while (Date.now() < until && socket.writable) {
        socket.write('x')
        await sleep(1)
      }
    })
  },
}
