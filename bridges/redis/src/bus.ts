import type { Bus, Dial, DialAttempt, WireEvents } from '@fanfare/broadcasting/driver'

import type { RedisSettings } from './options.ts'
import { Pool } from './pool.ts'
import { assertPrimaries } from './role.ts'
import { Source } from './source.ts'
import { RedisWire } from './wire.ts'

/** Redis, as a driver needs to know it. */
export function redisBus(settings: RedisSettings): Bus {
  return {
    name: 'redis',
    dial: dialOf(settings),
    // A channel of Redis is any bytes. No braces are in a name: all of it decides on the slot.
    subject: (name) => name,
  }
}

function dialOf({ subscriber, publisher, sharded }: RedisSettings): Dial {
  const sources = { subscriber: new Source(subscriber), publisher: new Source(publisher) }

  async function connect(pool: Pool, events: WireEvents): Promise<RedisWire> {
    const [subscribers, publishers] = await Promise.all([
      sources.subscriber.open(pool, sharded),
      sources.publisher.open(pool, sharded),
    ])
    await assertPrimaries(publishers)
    for (const one of [...subscribers.connections, ...publishers.connections]) pool.watch(one)
    return new RedisWire({
      pool,
      subscribers,
      publishers,
      sharded: sharded ?? subscribers.clustered,
      events,
    })
  }

  return (events, attempt) => dial(attempt, (pool) => connect(pool, events))
}

async function dial(attempt: DialAttempt, connect: (pool: Pool) => Promise<RedisWire>): Promise<RedisWire> {
  let wire: RedisWire | undefined
  let failure: Error | undefined
  let fail: ((error: Error) => void) | undefined
  const failed = new Promise<never>((_, reject) => (fail = reject))
  // Until there is a wire to be lost, the attempt fails.
  const pool = new Pool(attempt.timeoutMs, (error) => {
    if (wire) return wire.lose(error)
    failure ??= error
    fail?.(error)
  })
  attempt.onAbandoned(() => {
    if (wire) return
    failure ??= new Error('the attempt to connect to Redis was given up')
    fail?.(failure)
    pool.cut()
  })
  try {
    const made = await Promise.race([connect(pool), failed])
    if (failure) throw failure
    wire = made
    return made
  } catch (error) {
    pool.cut()
    throw error
  }
}
