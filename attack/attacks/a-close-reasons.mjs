import { many, pollSession, request } from '../lib/wire.mjs'

const REASON = 'r'.repeat(1_000_000)

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'a',
  name: 'close-reasons',
  what: 'sessions of long polls are closed with reasons of 1 MB',
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    const clients = await many(8, async (index) => {
      let closed = 0
      while (Date.now() < until) {
        const session = await pollSession(place, index)
        if (session === undefined) break
        const body = JSON.stringify({ seq: 1, messages: [], close: { code: 1_000, reason: REASON } })
        await request(place, `POST /poll?session=${session}`, { index, body })
        closed++
      }
      return closed
    })
    return clients.reduce((sum, one) => sum + one, 0)
  },
}
