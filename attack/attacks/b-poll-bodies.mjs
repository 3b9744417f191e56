import { unfinishedBodies } from '../lib/unfinished.mjs'
import { pollSession } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'b',
  name: 'poll-bodies',
  what: 'one session of long polls has 300 sockets that each post 1.0 of 1.1 MB',
  attack: async (place) => unfinishedBodies(place, `/poll?session=${await pollSession(place)}`),
}
