import { CLIENTS, HEADERS } from '../lib/headers.mjs'
import { many, webSocket } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'g',
  name: 'socket-headers',
  what: '9,000 clients with 15 KB of headers each',
  flags: ['--max-connections', '20000'],
  seconds: 10,
  async attack(place) {
    const sockets = await many(
      place.short ? CLIENTS.short : CLIENTS.whole,
      (index) => webSocket(place, { index, headers: HEADERS }),
      64,
    )
    return sockets.filter(({ status }) => status === 101).length
  },
}
