import { half } from '../lib/bodies.mjs'
import { frame, many, pourAgain } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'd',
  name: 'deep-frames',
  what: 'six connections send messages of 500 KB of open brackets, again and again',
  judge: half,
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    const said = frame(`{"op":"call","method":"chat","data":${'['.repeat(500_000)}`)
    await many(6, (index) => pourAgain(place, index, until, () => said))
  },
}
