import { CLIENTS, HEADERS } from '../lib/headers.mjs'
import { many, stream } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'g',
  name: 'stream-headers',
  what: '9,000 streams of events with 15 KB of headers each',
  flags: ['--max-connections', '20000'],
  seconds: 10,
  async attack(place) {
    const streams = await many(
      place.short ? CLIENTS.short : CLIENTS.whole,
      (index) => stream(place, { index, headers: HEADERS }),
      64,
    )
    return streams.filter(({ session }) => session !== undefined).length
  },
}
