import { redis } from '@fanfare/redis'
import { Redis } from 'ioredis'

import { RedisServer } from '../support/redis-server.ts'
import { RESP } from '../support/toxic-proxy.ts'
import { faultSchedules, SCALED } from './faults.ts'
import { unprotectedRedis } from './unprotected.ts'

faultSchedules(
  'redis',
  async () => {
    const victim = await RedisServer.start()
    return {
      victim,
      framing: RESP,
      connect: (port) => redis({ url: `redis://127.0.0.1:${String(port)}`, ...SCALED }),
      connectUnprotected: unprotectedRedis,
      url: victim.url,
      inject: async (name, text) => {
        const client = new Redis(victim.url)
        await client.publish(name, text)
        client.disconnect()
      },
      stop: () => victim.stop(),
    }
  },
  'total',
)
