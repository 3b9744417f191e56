import type { BusDriver } from '@fanfare/broadcasting/driver'
import { redis, type RedisOptions } from '@fanfare/redis'
import { afterEach, describe, expect, it } from 'vitest'

import { RedisServer } from '../support/redis-server.ts'
import { until } from '../support/until.ts'

// A replica takes what is published, and it goes nowhere.

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function server(): Promise<RedisServer> {
  const started = await RedisServer.start()
  ends.push(() => started.stop())
  return started
}

async function demote(old: RedisServer, primary: RedisServer): Promise<void> {
  await old.command('REPLICAOF', '127.0.0.1', primary.port)
}

async function promote(replica: RedisServer): Promise<void> {
  await replica.command('REPLICAOF', 'NO', 'ONE')
}

async function pair(): Promise<{ primary: RedisServer; replica: RedisServer }> {
  const [primary, replica] = [await server(), await server()]
  await demote(replica, primary)
  return { primary, replica }
}

interface Told {
  readonly driver: BusDriver
  readonly said: string[]
}

function driver(options: RedisOptions): Told {
  const said: string[] = []
  const made = redis({
    reconnectDelayMs: 50,
    ...options,
    logger: (_message, { error }) => void said.push(String(error)),
  })
  ends.push(() => made.close())
  return { driver: made, said }
}

describe('a server to publish to that is a replica', () => {
  it('is none, from the beginning: an endpoint for readers', async () => {
    const { replica } = await pair()
    const { driver: reader, said } = driver({ url: replica.url })
    await until(() => said.some((line) => line.includes('is a replica')), 'the reason')
    expect(reader.stats().connects).toBe(0)
  })

  it('is enough to subscribe to', async () => {
    const { primary, replica } = await pair()
    const { driver: both } = driver({ url: replica.url, publisher: { url: primary.url } })
    const heard: unknown[] = []
    await both.subscribe('orders', ({ payload }) => void heard.push(payload))
    await until(() => both.status() === 'up', 'the bus')
    await both.publish({ channel: 'orders', payload: 'x' })
    await until(() => heard.length === 1, 'what was published')
    expect(heard).toEqual(['x'])
  })

  it('is no server any more when it becomes one, and is again when it is promoted', async () => {
    const { primary, replica } = await pair()
    const { driver: one, said } = driver({ url: primary.url })
    await until(() => one.status() === 'up', 'the bus')
    await promote(replica)
    await demote(primary, replica)
    await until(() => one.status() === 'degraded', 'the loss')
    expect(said.join()).toContain('is a replica')
    await promote(primary)
    await until(() => one.status() === 'up', 'the bus again')
  })

  it('is told by INFO where the user may not ask for its role, and believed where nobody may ask', async () => {
    const { primary, replica } = await pair()
    const rights = ['on', '>p', '~*', '&*', '+@all', '-role']
    await primary.command('ACL', 'SETUSER', 'app', ...rights)
    const user = (name: string): string => primary.url.replace('//', `//${name}:p@`)
    const { driver: asking } = driver({ url: user('app') })
    await until(() => asking.status() === 'up', 'the bus')
    await primary.command('ACL', 'SETUSER', 'mute', ...rights, '-info')
    const { driver: mute } = driver({ url: user('mute') })
    await until(() => mute.status() === 'up', 'the bus of the other')
    await promote(replica)
    await demote(primary, replica)
    await until(() => asking.status() === 'degraded', 'the loss')
    expect(mute.status()).toBe('up')
  })
})
