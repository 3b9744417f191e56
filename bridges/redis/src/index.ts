/**
 * Fanfare across processes through Redis: one server, sentinels, or a cluster.
 *
 * @module
 */
import { BusDriver } from '@fanfare/broadcasting/driver'

import { redisBus } from './bus.ts'
import { type RedisOptions, redisSettings } from './options.ts'

export type { PublisherOptions, RedisOptions } from './options.ts'
export type { ClusterAddress } from './topology.ts'

/**
 * A driver that publishes and subscribes through Redis. It connects by itself, and again whenever it was lost.
 *
 * @example
 * ```ts
 * import { redis } from '@fanfare/redis'
 *
 * const driver = redis('redis://127.0.0.1:6379')
 * await driver.subscribe('news', (event) => console.log(event.payload))
 * await driver.publish({ channel: 'news', payload: '"hello"' })
 * await driver.close()
 * ```
 *
 * @param options - or just a URL, `redis://` or `rediss://`; without any, the server on this machine
 * @throws OptionError when an option is unknown or has a wrong value
 */
export function redis(options: RedisOptions | string = {}): BusDriver {
  const settings = redisSettings(typeof options === 'string' ? { url: options } : options)
  return new BusDriver(redisBus(settings), settings.bus)
}
