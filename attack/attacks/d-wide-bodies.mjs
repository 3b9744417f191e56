import { half, postAgain } from '../lib/bodies.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'd',
  name: 'wide-bodies',
  what: 'six connections post 1 MB of small messages and members, again and again',
  judge: half,
  attack: (place) =>
    postAgain(
      place,
      `{"seq":1,"x":[${'{"a":[]},'.repeat(60_000)}0],"messages":[${'"",'.repeat(100_000)}""]}`,
    ),
}
