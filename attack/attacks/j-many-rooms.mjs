import { frame, many, pour, webSocket } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'j',
  name: 'many-rooms',
  what: '6 clients enter ever new rooms, and leave them, where messages have no rate',
  flags: ['--rate-limit', '0'],
  seconds: 12,
  stays: true,
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    const auth = { data: { name: 'n'.repeat(40), key: 'k'.repeat(22) } }
    await many(6, async (index) => {
      const socket = await webSocket(place, { index })
      let room = 0
      await pour(socket, until, () => {
        const channel = `presence-one-of-the-very-many-rooms-${index}-${room++}`
        return Buffer.concat([
          frame(JSON.stringify({ op: 'sub', channel, auth })),
          frame(JSON.stringify({ op: 'unsub', channel })),
        ])
      })
    })
  },
}
