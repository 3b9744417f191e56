import { firstBytes, handshake, many, open } from '../lib/wire.mjs'

/** What the server lets in from one address, with some to spare for a clock that is late. */
const AT_ONCE = 1_000
const EACH_SECOND = 300

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'h',
  name: 'handshakes',
  what: 'one address shakes hands, and leaves, as fast as it can',
  newcomers: true,
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    let welcome = 0
    await many(32, async () => {
      while (Date.now() < until) {
        const socket = await open(place, { index: 1, reads: false })
        socket.write(handshake())
        if ((await firstBytes(socket)).startsWith('HTTP/1.1 101')) welcome++
        socket.destroy()
      }
    })
    return { welcome, seconds: place.seconds }
  },
  judge({ results: [{ welcome, seconds }] }) {
    const ok = welcome <= AT_ONCE + EACH_SECOND * seconds
    return [{ what: 'let in', ok, said: `${welcome} in ${seconds} s` }]
  },
}
