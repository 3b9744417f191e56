import type { DisconnectEvent, ErrorEvent, GatewayClient, SubscriptionEvent } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { bearer, byToken, call, testGateway } from '../fakes/test-gateway.ts'

describe('connect', () => {
  it('is told of a client that is known and greeted, before anything it says', async () => {
    const { gateway, visit } = testGateway({ authenticate: byToken })
    const log: unknown[] = []
    gateway.onConnect((client) => {
      log.push(['connect', client.user?.id, client.connected])
      client.send('hello', 1)
    })
    gateway.on('say', () => log.push('say'))
    const ann = await visit(bearer('ann'))
    expect(ann.conn.batches.flatMap(({ frames }) => frames.map(({ data }) => data))).toEqual([
      expect.stringContaining('"op":"welcome"'),
      '{"op":"msg","event":"hello","data":1}',
    ])
    await ann.ask(call(1, 'say'))
    expect(log).toEqual([['connect', 'ann', true], 'say'])
  })

  it('may end with the client closed', async () => {
    const { gateway, visit } = testGateway()
    const log: string[] = []
    gateway.onConnect((client) => client.close('forbidden'))
    gateway.onDisconnect((_client, { why }) => log.push(why))
    const ann = await visit()
    expect(ann.conn.closedWith?.code).toBe(4009)
    expect(log).toEqual(['forbidden'])
    expect(gateway.clients()).toEqual([])
  })

  it('is not told of who came when the node was full', async () => {
    const { gateway, admit, visit } = testGateway({ maxConnections: 1 })
    const log: string[] = []
    gateway.onConnect(({ id }) => log.push(`connect ${id}`))
    gateway.onDisconnect(({ id }) => log.push(`disconnect ${id}`))
    const [first, second] = [await admit(), await admit()]
    expect([first.ok, second.ok]).toEqual([true, true])
    const ann = await visit()
    expect(await admit()).toMatchObject({ ok: false, status: 503 })
    expect(log).toEqual([`connect ${ann.client.id}`])
  })
})

describe('disconnect', () => {
  it.each<[string, Partial<DisconnectEvent>, (kit: { close(): void; leave(): void }) => void]>([
    ['by itself', { why: 'closed', code: 4321, reason: 'bored' }, ({ leave }) => leave()],
    ['because it is closed', { why: 'terminated', code: 4011, reason: 'enough' }, ({ close }) => close()],
  ])('is told once of a client that goes %s, with what it was in', async (_how, expected, end) => {
    const { gateway, visit } = testGateway()
    const seen: unknown[] = []
    gateway.onDisconnect((client, { client: hubs, ...event }) => {
      seen.push({ ...event, groups: client.groups, same: hubs === client.client, id: client.id })
    })
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'a' }, { op: 'sub', channel: 'private-b', auth: 'ann' })
    gateway.group('g').add(ann.client)
    end({
      close: () => ann.client.close('terminated', 'enough'),
      leave: () => ann.conn.peerCloses(4321, 'bored'),
    })
    ann.client.close()
    ann.conn.peerCloses()
    await ann.heard()
    const left = { channels: ['a', 'private-b'], groups: ['g'], same: true, id: ann.client.id }
    expect(seen).toEqual([{ ...expected, ...left }])
  })

  it('comes after the unsubscribes', async () => {
    const { gateway, visit } = testGateway()
    const log: string[] = []
    gateway.observe('unsubscribe', (_client, { channel }) => log.push(channel))
    gateway.onDisconnect(() => log.push('disconnect'))
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'a' })
    ann.conn.peerCloses()
    expect(log).toEqual(['a', 'disconnect'])
  })
})

describe('subscribe and unsubscribe', () => {
  it('are told with the client, once it is in and out', async () => {
    const { gateway, visit } = testGateway()
    const log: unknown[] = []
    const note =
      (what: string) =>
      (client: GatewayClient, { channel, why }: SubscriptionEvent): unknown =>
        log.push([what, client.id, channel, why])
    gateway.observe('subscribe', note('in'))
    gateway.observe('unsubscribe', note('out'))
    const ann = await visit()
    await ann.ask(
      { op: 'sub', channel: 'a' },
      { op: 'sub', channel: 'a' },
      { op: 'sub', channel: 'private-b' },
      { op: 'unsub', channel: 'a' },
      { op: 'unsub', channel: 'a' },
    )
    expect(log).toEqual([
      ['in', ann.client.id, 'a', undefined],
      ['out', ann.client.id, 'a', undefined],
    ])
  })

  it('have beside them the hub’s own events: occupied, vacated, members', async () => {
    const { hub, visit } = testGateway()
    const log: unknown[] = []
    hub.on('occupied', ({ channel }) => log.push(['occupied', channel]))
    hub.on('vacated', ({ channel }) => log.push(['vacated', channel]))
    hub.on('presence', ({ joined, member }) => log.push([joined, member.id]))
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'presence-a', auth: 'ann' })
    await ann.ask({ op: 'unsub', channel: 'presence-a' })
    expect(log).toEqual([
      ['occupied', 'presence-a'],
      [true, 'ann'],
      [false, 'ann'],
      ['vacated', 'presence-a'],
    ])
  })
})

describe('error', () => {
  it.each(['onError', 'observe'] as const)('is told by %s, with the client and the stage', async (how) => {
    const { gateway, visit } = testGateway()
    const seen: ErrorEvent[] = []
    const listener = (event: ErrorEvent): unknown => seen.push(event)
    const stop = how === 'onError' ? gateway.onError(listener) : gateway.observe('error', listener)
    const error = new Error('handler')
    gateway.on('fail', () => {
      throw error
    })
    const ann = await visit()
    await ann.ask(call(1, 'fail'))
    stop()
    await ann.ask(call(2, 'fail'))
    expect(seen).toEqual([{ error, where: 'handler', client: ann.client }])
  })
})

describe('a listener', () => {
  it('can be stopped', async () => {
    const { gateway, visit } = testGateway()
    const log: string[] = []
    const stop = gateway.onConnect(() => log.push('connect'))
    await visit()
    stop()
    stop()
    await visit()
    expect(log).toEqual(['connect'])
  })

  it.each<[string, () => unknown]>([
    ['throws', () => explode()],
    ['rejects', async () => explode()],
  ])('that %s disturbs nobody, and is told to the operator', async (_how, listener) => {
    const { gateway, visit, errors } = testGateway()
    const log: string[] = []
    gateway.onConnect(listener)
    gateway.onConnect(() => log.push('connect'))
    gateway.onDisconnect(listener)
    gateway.onDisconnect(() => log.push('disconnect'))
    gateway.group('g')
    const ann = await visit()
    gateway.group('g').add(ann.client)
    expect(await ann.ask({ op: 'ping' })).toEqual([{ op: 'pong' }])
    ann.conn.peerCloses()
    await ann.heard()
    expect(log).toEqual(['connect', 'disconnect'])
    expect(errors.map(({ where }) => where)).toEqual(['listener', 'listener'])
    expect(gateway.groups()).toEqual([])
  })
})

function explode(): never {
  throw new Error('password: hunter2')
}
