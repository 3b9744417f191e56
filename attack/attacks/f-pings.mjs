import { frame, many, PING, pour, webSocket } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'f',
  name: 'pings',
  what: 'six clients send pings as fast as they are taken',
  async attack(place) {
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame('', PING)))
    const until = Date.now() + place.seconds * 1_000
    const sent = await many(6, async (index) => {
      const socket = await webSocket(place, { index })
      const poured = await pour(socket, until, () => pings)
      return { poured: poured * 1_000, open: socket.writable }
    })
    return sent.filter(({ open }) => open).length
  },
  judge: ({ results: [open] }) => [{ what: 'flooders', ok: open === 0, said: `${open} of 6 are held` }],
}
