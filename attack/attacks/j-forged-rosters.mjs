import { channelsOn, forged } from '../lib/letters.mjs'
import { redisBus, redisClient } from '../lib/redis.mjs'
import { sleep } from '../lib/time.mjs'

/** 45 KB each. */
const EVERY_MS = 2

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'j',
  name: 'forged-rosters',
  what: 'forged letters tell of ever more servers, each with a room of 500 members',
  around: redisBus,
  seconds: 14,
  shortSeconds: 8,
  lateMs: 3_000,
  async attack(place) {
    const until = Date.now() + place.seconds * 1_000
    const bus = redisClient(place.bus)
    const [subject = ''] = await channelsOn(bus, 'private-demo.rosters')
    let told = 0
    while (Date.now() < until) {
      const members = Array.from({ length: 500 }, (_, i) => ({
        id: `${told} ${i}`,
        info: { name: 'n'.repeat(40) },
      }))
      const payload = JSON.stringify({
        from: `server-${told}`,
        channel: `presence-room-${told % 1_000}`,
        members,
      })
      await bus.publish(subject, forged({ origin: `forger-${told++}`, sequence: 1, payload }))
      await sleep(EVERY_MS)
    }
    return told
  },
}
