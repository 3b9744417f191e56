import { frame, many, pourAgain } from '../lib/wire.mjs'

const NAME = 'x y'.repeat(160_000)
const SAID = ['sub', 'who', 'pub'].map((op) =>
  frame(JSON.stringify({ op, id: 1, channel: NAME, event: 'e' })),
)

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'a',
  name: 'bad-names',
  what: '19 clients name channels of 480 KB that cannot be',
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    let next = 0
    const said = await many(19, (index) => pourAgain(place, index, until, () => SAID[next++ % SAID.length]))
    return said.reduce((sum, one) => sum + one, 0)
  },
}
