import { sleep } from '../lib/time.mjs'
import { many, open, requestHead } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'f',
  name: 'idle-connections',
  what: '1,100 connections that say nothing more after a first request, or nothing at all, where 1,024 files may be open',
  openFiles: 1_024,
  seconds: 16,
  shortSeconds: 14,
  async attack(place) {
    const began = Date.now()
    await many(1_100, async (index) => {
      const socket = await open(place, { index })
      if (index % 16 > 0) socket.write(requestHead('GET /health', { host: 'localhost' }))
    })
    await sleep(place.seconds * 1_000 - (Date.now() - began))
  },
  stays: true,
}
