import { joining, stallAll } from '../lib/stalled.mjs'
import { request, stream } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'c',
  name: 'stalled-streams',
  what: '250 streams of events are not read, and each has a publisher of its own',
  seconds: 10,
  attack: (place) =>
    stallAll(place, async (index) => {
      const { session } = await stream(place, { index, reads: false })
      const body = JSON.stringify({ seq: 1, messages: [joining(index)] })
      await request(place, `POST /sse?session=${session}`, { index, body })
    }),
}
