import { frame, many, pour, webSocket } from '../lib/wire.mjs'

const CHANNELS = 120

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'a',
  name: 'kept-slices',
  what: '8 clients subscribe to 120 channels each, every name in a frame of 480 KB, and leave',
  async attack(place) {
    const padding = 'p'.repeat(480_000)
    const sockets = await many(8, (index) => webSocket(place, { index }))
    const until = Date.now() + place.seconds * 1_000
    await Promise.all(
      sockets.map((socket, client) => {
        let channel = 0
        return pour(socket, until, () => {
          if (channel === CHANNELS) return undefined
          const name = `attacker-${client}-has-the-channel-${channel++}`
          return frame(JSON.stringify({ op: 'sub', id: `id-of-request-${channel}`, channel: name, padding }))
        })
      }),
    )
  },
}
