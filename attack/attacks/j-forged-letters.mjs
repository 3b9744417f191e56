import { channelsOn, forged, originOn } from '../lib/letters.mjs'
import { redisBus, redisClient } from '../lib/redis.mjs'
import { sleep } from '../lib/time.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'j',
  name: 'forged-letters',
  what: 'one forged letter on each channel has the number 2^53-1',
  around: redisBus,
  seconds: 8,
  lateMs: 3_000,
  async attack(place) {
    const began = Date.now()
    const bus = redisClient(place.bus)
    const subjects = await channelsOn(bus, 'presence-')
    const origin = await originOn(redisClient(place.bus), subjects)
    for (const subject of subjects) {
      await bus.publish(
        subject,
        forged({ origin, sequence: Number.MAX_SAFE_INTEGER, name: 'forged', payload: '{}' }),
      )
    }
    await sleep(place.seconds * 1_000 - (Date.now() - began))
    return { origin, subjects: subjects.length }
  },
}
