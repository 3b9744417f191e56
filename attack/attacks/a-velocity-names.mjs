import { frame, many, pourAgain } from '../lib/wire.mjs'

const NAME = 'x y'.repeat(160_000)
const SAID = [
  frame(JSON.stringify({ type: 'subscribe', data: { channel: NAME } })),
  frame(JSON.stringify({ type: 'client-event', data: { channel: 'private-x', event: NAME } })),
  frame(JSON.stringify({ type: NAME, data: 1 })),
  frame(JSON.stringify({ type: 'hello', target: NAME, data: 1 })),
]

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'a',
  name: 'velocity-names',
  what: '19 clients of Velocity name channels, events and targets of 480 KB',
  protocol: 'velocity-type',
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    let next = 0
    await many(19, (index) => pourAgain(place, index, until, () => SAID[next++ % SAID.length]))
  },
}
