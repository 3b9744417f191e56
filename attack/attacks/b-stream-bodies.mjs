import { unfinishedBodies } from '../lib/unfinished.mjs'
import { many, stream } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'b',
  name: 'stream-bodies',
  what: '30 streams of events have 10 sockets each that post 1.0 of 1.1 MB',
  async attack(place) {
    const streams = await many(30, (index) => stream(place, { index }))
    await Promise.all(streams.map(({ session }) => unfinishedBodies(place, `/sse?session=${session}`, 10)))
  },
}
