import { joining, stallAll } from '../lib/stalled.mjs'
import { frame, webSocket } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'c',
  name: 'stalled-flood',
  what: '250 clients read nothing, and 150 MB a second are published to them',
  seconds: 10,
  attack: (place) =>
    stallAll(
      place,
      async (index) => {
        const socket = await webSocket(place, { index, reads: false })
        socket.write(frame(joining(index)))
      },
      100,
    ),
}
