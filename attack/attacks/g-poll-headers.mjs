import { CLIENTS, HEADERS } from '../lib/headers.mjs'
import { many, request } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'g',
  name: 'poll-headers',
  what: '9,000 sessions of long polls with 15 KB of headers each',
  flags: ['--max-connections', '20000'],
  seconds: 10,
  async attack(place) {
    const answers = await many(
      place.short ? CLIENTS.short : CLIENTS.whole,
      (index) => request(place, 'POST /poll', { index, headers: HEADERS, body: '{}' }),
      64,
    )
    return answers.filter(({ status }) => status === 200).length
  },
}
