import { joining, stallAll } from '../lib/stalled.mjs'
import { pollSession, request } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'c',
  name: 'stalled-polls',
  what: '250 sessions of long polls are not polled, and each has a publisher of its own',
  seconds: 10,
  attack: (place) =>
    stallAll(place, async (index) => {
      const session = await pollSession(place, index)
      const body = JSON.stringify({ seq: 1, messages: [joining(index)] })
      await request(place, `POST /poll?session=${session}`, { index, body })
    }),
}
