import { frame, many, pourAgain } from '../lib/wire.mjs'

const NAME = 'x y'.repeat(160_000)
const SAID = [
  { op: 'unsub', id: 1, channel: NAME },
  { op: 'pub', id: 1, channel: 'presence-room', event: NAME },
  { op: 'sub', id: NAME, channel: 'news' },
  { op: 'sub', id: 1, channel: 'presence-room', auth: NAME },
  { op: 'call', id: 1, method: NAME },
  { op: NAME },
  { op: 'answer', id: NAME },
  { op: 'send', id: 1, to: NAME, event: 'e' },
  { op: 'hello', v: 1, token: NAME },
].map((message) => frame(JSON.stringify(message)))

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'a',
  name: 'long-words',
  what: '19 clients say whatever can be a word with 480 KB',
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    let next = 0
    const said = await many(19, (index) => pourAgain(place, index, until, () => SAID[next++ % SAID.length]))
    return said.reduce((sum, one) => sum + one, 0)
  },
}
