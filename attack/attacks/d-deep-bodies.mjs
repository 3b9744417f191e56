import { half, postAgain } from '../lib/bodies.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'd',
  name: 'deep-bodies',
  what: 'six connections post 1 MB of open brackets, again and again',
  judge: half,
  attack: (place) => postAgain(place, '['.repeat(1_000_000)),
}
