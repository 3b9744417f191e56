import { joining, stallAll } from '../lib/stalled.mjs'
import { frame, webSocket } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'c',
  name: 'stalled-sockets',
  what: '250 clients read nothing, and each has a publisher of its own',
  seconds: 10,
  attack: (place) =>
    stallAll(place, async (index) => {
      const socket = await webSocket(place, { index, reads: false })
      socket.write(frame(joining(index)))
    }),
}
