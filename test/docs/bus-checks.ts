import { Broadcaster, type Driver, type Link } from '@fanfare/broadcasting'
import type { BusDriver } from '@fanfare/broadcasting/driver'
import type { Gateway, Hub, Member } from '@fanfare/core'
import { MemoryConn } from '@fanfare/core/testing'
import { redis } from '@fanfare/redis'
import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'

import { NatsServer } from '../support/nats-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { until } from '../support/until.ts'
import type { Check } from './block-checks.ts'
import type { Block } from './blocks.ts'
import { Guest } from './guest.ts'
import type { Stage } from './stage.ts'

// Blocks that need a bus: they get a real one, which stands in for the one that they name.

interface Node {
  readonly hub: Hub
  readonly link: Link
}

interface Mirror {
  readonly PresenceMirror: new (hub: Hub, redis: Redis, ttlMs?: number) => { close(): Promise<void> }
  readonly everybodyIn: (redis: Redis, channel: string) => Promise<Member[]>
  readonly hub: Hub
  readonly redis: Redis
  readonly mirror: { close(): Promise<void> }
}

async function redisFor(stage: Stage): Promise<RedisServer> {
  const server = await RedisServer.start()
  stage.standIn(6_379, server)
  return server
}

/** The block is run twice: what is published on the one reaches a client of the other. */
async function joins(stage: Stage, block: Block): Promise<void> {
  const [here, there] = [await stage.run<Node>(block), await stage.run<Node>(block)]
  const conn = new MemoryConn()
  const client = here.hub.add(conn)
  conn.attach(client.session)
  await here.hub.subscribe(client, 'orders')
  await there.hub.publish({ channel: 'orders', event: 'shipped', data: '7' })
  await until(() => conn.received.length > 0, 'what was published on the other node')
  expect(conn.received).toEqual([expect.stringContaining('7')])
  await Promise.all([here, there].map(({ hub, link }) => hub.close().then(() => link.close())))
}

/** What those who are subscribed to a channel elsewhere hear. */
async function ear(stage: Stage, server: RedisServer, channel: string): Promise<unknown[]> {
  const driver: BusDriver = redis(server.url)
  stage.later(() => driver.close())
  const heard: unknown[] = []
  await driver.subscribe(channel, ({ name, payload }) => void heard.push([name, payload]))
  return heard
}

const bridges: Record<string, Check> = {
  async 'README.md › Many nodes'(stage, block) {
    await redisFor(stage)
    await joins(stage, block)
  },

  async 'bridges/redis/README.md › @fanfare/redis 2'(stage, block) {
    await redisFor(stage)
    await joins(stage, block)
  },

  async 'bridges/nats/README.md › @fanfare/nats 2'(stage, block) {
    vi.stubEnv('NATS_PASSWORD', 'secret')
    stage.standIn(4_222, await NatsServer.start({ args: ['--user', 'fanfare', '--pass', 'secret'] }))
    await stage.run(block)
    expect(stage.printed).toEqual([['{"paid":true}']])
  },
}

const guides: Record<string, Check> = {
  async 'docs/guides/scaling-out.md › One line 2'(stage, block) {
    const server = await redisFor(stage)
    type Made = Node & { readonly gateway: Gateway; readonly driver: Driver; end(): Promise<void> }
    const [here, there] = [await stage.run<Made>(block), await stage.run<Made>(block)]
    const guest = await Guest.of(here.gateway)
    await guest.asks({ op: 'sub', id: 1, channel: 'orders' })
    there.gateway.to('orders').send('shipped', { id: 7 })
    const shipped = { op: 'msg', channel: 'orders', event: 'shipped' }
    expect(await guest.next({ op: 'msg' })).toMatchObject({ ...shipped, data: { id: 7 } })
    await new Broadcaster(there.driver).channel('orders').emit('paid', null)
    expect(await guest.next({ op: 'msg' })).toMatchObject({ event: 'paid' })
    await server.restart()
    expect(await guest.next({ op: 'gap' })).toMatchObject({ channel: 'orders', count: 0, reason: 'bus' })
    await Promise.all([here.end(), there.end()])
    expect([here.driver.status(), there.driver.status()]).toEqual(['closed', 'closed'])
  },

  async 'docs/guides/publishing-from-a-worker.md › Publishing from a worker 2'(stage, block) {
    const server = await redisFor(stage)
    const heard = await ear(stage, server, 'private-user.7')
    const { driver } = await stage.run<{ readonly driver: Driver }>(block)
    await until(() => heard.length > 0, 'the event')
    expect(heard).toEqual([['OrderShipped', '{"id":42,"tracking":"1Z999"}']])
    expect(driver.status()).toBe('closed')
  },

  async 'docs/guides/mirroring-presence.md › Mirroring presence'(stage, block) {
    const server = await redisFor(stage)
    const [here, there] = [await stage.run<Mirror>(block), await stage.run<Mirror>(block)]
    for (const one of [here, there]) {
      stage.later(async () => one.redis.disconnect())
      stage.later(() => one.mirror.close())
      stage.later(() => one.hub.close())
    }
    expect(stage.printed).toEqual([[[]], [[]]])
    const room = 'presence-lobby'
    const everybody = async (): Promise<unknown[]> =>
      (await here.everybodyIn(here.redis, room)).map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1))
    const comes = async ({ hub }: Mirror, id: string): Promise<() => void> => {
      const conn = new MemoryConn()
      const client = hub.add(conn, { auth: id })
      conn.attach(client.session)
      await hub.subscribe(client, room)
      return () => hub.unsubscribe(client, room)
    }
    for (const { hub } of [here, there]) {
      hub.authorizeWith(({ auth }) => ({ allowed: true, member: { id: String(auth) } }))
    }
    const [ann] = [await comes(here, 'ann'), await comes(there, 'ann'), await comes(there, 'ben')]
    await eventually(everybody, ['ann', 'ben'])
    // One of her two nodes has her still.
    ann()
    await comes(here, 'cid')
    await eventually(everybody, ['ann', 'ben', 'cid'])
    await there.mirror.close()
    await eventually(everybody, ['cid'])

    // A node that dies, and a Redis that comes back empty.
    const [dying, living] = [new Redis(server.url), new Redis(server.url)]
    for (const one of [dying, living]) one.on('error', () => {})
    const mirrors = [
      new there.PresenceMirror(there.hub, dying, 900),
      new here.PresenceMirror(here.hub, living, 900),
    ]
    stage.later(async () => living.disconnect())
    for (const mirror of mirrors) stage.later(() => mirror.close().catch(() => {}))
    await comes(there, 'dan')
    await eventually(everybody, ['ann', 'ben', 'cid', 'dan'])
    dying.disconnect()
    await eventually(everybody, ['cid'])
    await server.restart()
    await eventually(everybody, ['cid'])
  },
}

/** Asks until it is so. */
async function eventually(ask: () => Promise<unknown>, expected: unknown): Promise<void> {
  let last: unknown
  let asking = false
  const right = JSON.stringify(expected)
  const look = async (): Promise<void> => {
    asking = true
    last = await ask().catch((error: unknown) => error)
    asking = false
  }
  await until(
    () => {
      if (!asking) void look()
      return JSON.stringify(last) === right
    },
    `${right}, not ${JSON.stringify(last)}`,
  )
}

/** By the name of the block. */
export const BUS_CHECKS: Readonly<Record<string, Check>> = { ...bridges, ...guides }
