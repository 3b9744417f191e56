import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'

/** @typedef {ReturnType<typeof createAdapter>} AdapterMaker */

/**
 * A client that subscribes to nothing: for a process that only publishes. What `@socket.io/redis-emitter` would write into
 * Redis is what the adapter writes, so this is the emitter, with the adapter's own code.
 */
const deaf = { psubscribe() {}, subscribe() {}, ssubscribe() {}, on() {}, listenerCount: () => 0 }

/** @param {string} url */
export function redisClient(url) {
  return new Redis(url, { lazyConnect: false })
}

/** @param {string | undefined} kind - `sharded` or the plain one @param {Redis} publisher @param {Redis} [subscriber] */
export function adapterOn(kind, publisher, subscriber) {
  return (kind === 'sharded' ? createShardedAdapter : createAdapter)(publisher, subscriber ?? deaf)
}
