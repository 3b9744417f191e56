import { once } from 'node:events'

import { sleep, within } from '../lib/time.mjs'
import { many, open } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'h',
  name: 'mute-sockets',
  what: '400 sockets that say nothing, renewed when they are closed, where 100 clients are allowed',
  flags: ['--max-connections', '100'],
  clients: 50,
  newcomers: true,
  seconds: 10,
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    await many(400, async (index) => void keepOne(place, index, until), 400)
    await sleep(until - Date.now())
  },
}

/** One socket after the other, each for as long as it is left alone. */
async function keepOne(place, index, until) {
  while (Date.now() < until) {
    const socket = await open(place, { index })
    if (!socket.destroyed) await within(until - Date.now(), once(socket, 'close'))
    socket.destroy()
    await sleep(20)
  }
}
