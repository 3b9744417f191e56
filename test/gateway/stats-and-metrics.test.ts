import { describe, expect, it } from 'vitest'

import { call, testGateway } from '../fakes/test-gateway.ts'

describe('the figures of a gateway', () => {
  it('begin at nothing', () => {
    const { gateway, hub } = testGateway()
    expect(gateway.stats()).toEqual({
      clients: 0,
      connections: 0,
      received: { messages: 0, bytes: 0 },
      sent: { messages: 0, bytes: 0 },
      subscriptions: {},
      groups: 0,
      handlerErrors: 0,
      unknown: 0,
      refusals: {},
      hub: hub.stats(),
    })
  })

  it('say what happened', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('fail', () => {
      throw new Error('x')
    })
    const [ann, ben] = [await visit(), await visit()]
    gateway.group('g').add(ann.client)
    await ann.ask({ op: 'sub', channel: 'a' }, { op: 'sub', channel: '__proto__' }, call(1, 'fail'))
    await ben.ask({ op: 'sub', channel: 'a' }, call(1, 'nothing'))
    const stats = gateway.stats()
    expect(stats).toMatchObject({
      clients: 2,
      connections: 2,
      received: { messages: 5 },
      groups: 1,
      handlerErrors: 1,
      unknown: 1,
      refusals: { internal: 1, unknown: 1 },
    })
    expect(Object.entries(stats.subscriptions)).toEqual([
      ['a', 2],
      ['__proto__', 1],
    ])
    expect(stats.sent.messages).toBe(7)
    ann.conn.peerCloses()
    ben.conn.peerCloses()
    await ben.heard()
    expect(gateway.stats()).toMatchObject({ clients: 0, connections: 2, groups: 0, subscriptions: {} })
  })

  it('are a snapshot', async () => {
    const { gateway, visit } = testGateway()
    const before = gateway.stats()
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'a' }, call(1, 'nothing'))
    expect(before).toMatchObject({ clients: 0, subscriptions: {}, refusals: {}, unknown: 0 })
  })

  it('count bytes as they are on the wire', async () => {
    const { gateway, visit } = testGateway()
    const ann = await visit()
    const before = gateway.stats()
    ann.conn.says('{"op":"ping","id":"é"}')
    const [pong] = await ann.raw()
    expect(pong).toBe('{"op":"pong","id":"é"}')
    expect(gateway.stats().received.bytes - before.received.bytes).toBe(23)
    expect(gateway.stats().sent.bytes - before.sent.bytes).toBe(23)
  })
})

describe('the figures as text', () => {
  const LINE = /^fanfare_[a-z_]+(\{[a-z]+="[a-z-]+"\})? \d+$/

  it('are in the format of Prometheus', async () => {
    const { gateway, visit, admit } = testGateway({ maxConnections: 1 })
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'a' }, { op: 'sub', channel: 'presence-b', auth: 'ann' })
    await ann.ask(call(1, 'nothing'))
    await admit()
    const text = gateway.metrics()
    expect(text.endsWith('\n')).toBe(true)
    const lines = text.slice(0, -1).split('\n')
    const samples = lines.filter((line) => !line.startsWith('#'))
    expect(samples.filter((line) => !LINE.test(line))).toEqual([])
    expect(new Set(samples).size).toBe(samples.length)
    for (const line of [
      'fanfare_clients 1',
      'fanfare_connections_total 1',
      'fanfare_channels{type="public"} 1',
      'fanfare_channels{type="private"} 0',
      'fanfare_channels{type="presence"} 1',
      'fanfare_subscriptions 2',
      'fanfare_received_messages_total 3',
      'fanfare_refusals_total{why="unknown"} 1',
      'fanfare_refusals_total{why="over-capacity"} 1',
      'fanfare_unknown_messages_total 1',
      'fanfare_handler_errors_total 0',
      'fanfare_queued_frames 0',
      'fanfare_pending_authorizations 0',
    ]) {
      expect(samples).toContain(line)
    }
  })

  it('say of each figure once what it is', () => {
    const { gateway } = testGateway()
    const lines = gateway.metrics().split('\n')
    const types = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2])
    const helps = lines.filter((line) => line.startsWith('# HELP ')).map((line) => line.split(' ')[2])
    expect(new Set(types).size).toBe(types.length)
    expect(helps).toEqual(types)
    for (const line of lines.filter((text) => text.startsWith('# TYPE '))) {
      expect(line).toMatch(/_total counter$|(?<!_total) gauge$/)
    }
  })

  it('do not grow with channels, clients or users, and name none', async () => {
    const { gateway, visit } = testGateway()
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'warm' })
    const names = (): string[] => gateway.metrics().replace(/ \d+$/gm, '').split('\n')
    const before = names()
    for (let n = 0; n < 20; n++) {
      const one = await visit()
      await one.ask({ op: 'sub', channel: `secret-${String(n)}` })
    }
    expect(names()).toEqual(before)
    expect(gateway.metrics()).not.toContain('secret')
    expect(gateway.metrics()).not.toContain(ann.client.id)
  })
})
