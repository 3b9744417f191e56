import type { Driver, Event, Handler } from '@fanfare/broadcasting'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { Redis } from 'ioredis'

// What is written in an afternoon: publish and subscribe as the client library has them, and everything else left to it.

/** Redis through ioredis, as it is by default. */
export function unprotectedRedis(port: number): Driver {
  const publisher = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null })
  const subscriber = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null })
  for (const client of [publisher, subscriber]) client.on('error', () => {})
  const handlers = new Map<string, Handler>()
  subscriber.on('message', (channel, payload) => void handlers.get(channel)?.({ channel, payload }))
  return {
    ...COMMON,
    publish: async ({ channel, payload }: Event) => void (await publisher.publish(channel, String(payload))),
    async subscribe(channel: string, handler: Handler) {
      handlers.set(channel, handler)
      await subscriber.subscribe(channel)
      return { channel, dropped: 0, cancel: async () => {} }
    },
    async close() {
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}

/** NATS through its client, told to reconnect for ever and soon, which it does not by default. */
export function unprotectedNats(port: number): Driver {
  let connection: Promise<NatsConnection> | undefined
  const connected = (): Promise<NatsConnection> =>
    (connection ??= connect({
      servers: `127.0.0.1:${port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    }))
  return {
    ...COMMON,
    async publish({ channel, payload }: Event) {
      const live = await connected()
      live.publish(channel, String(payload))
      await live.flush()
    },
    async subscribe(channel: string, handler: Handler) {
      const live = await connected()
      live.subscribe(channel, {
        callback: (_error, message) => void handler({ channel, payload: message.string() }),
      })
      await live.flush()
      return { channel, dropped: 0, cancel: async () => {} }
    },
    close: async () => void (await connection)?.close().catch(() => {}),
  }
}

const COMMON: Pick<Driver, 'dropped' | 'status'> = { dropped: () => 0, status: () => 'up' }
