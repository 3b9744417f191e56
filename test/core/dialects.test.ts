import { native, type Protocol } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { broadcasterish } from '../fakes/broadcasterish.ts'
import { pusherish } from '../fakes/pusherish.ts'
import {
  accept,
  byName,
  type TestGateway,
  testGateway,
  type TestGatewayOptions,
} from '../fakes/test-gateway.ts'

// Other dialects on the same hub and gateway, which know nothing of them.

const APP = { path: '/app/key' }

function pusherGateway(options: TestGatewayOptions = {}): TestGateway {
  return testGateway({ protocols: { '/': native(), '/app/*': pusherish('key') }, ...options })
}

const subscribe = (channel: string, auth?: string): object => ({
  event: 'pusher:subscribe',
  data: { channel, auth },
})

/** Their authorizer looks into the credentials that the protocol hands on whole. */
const byAuth: typeof byName = ({ credentials }) => {
  const { auth } = (credentials ?? {}) as { auth?: unknown }
  return typeof auth === 'string' && { allowed: true, member: { id: auth, info: { name: auth } } }
}

describe('a dialect like that of Pusher', () => {
  it('greets in its own words', async () => {
    const { hub, clock, admit } = pusherGateway()
    const ticket = await admit(APP)
    if (!ticket.ok) throw new Error(ticket.message)
    const { conn, client } = accept(hub, ticket)
    await clock.settle()
    const data = `{\\"socket_id\\":\\"${client.id}\\",\\"activity_timeout\\":25}`
    expect(conn.received).toEqual([`{"event":"pusher:connection_established","data":"${data}"}`])
  })

  it('accepts an unknown app, says why not, and closes with its own code', async () => {
    const { hub, clock, admit } = pusherGateway()
    const ticket = await admit({ path: '/app/unknown' })
    if (!ticket.ok) throw new Error(ticket.message)
    const { conn } = accept(hub, ticket)
    await clock.settle()
    expect(conn.messages).toEqual([{ event: 'pusher:error', data: { code: 4001, message: 'no-app' } }])
    expect(conn.closedWith).toEqual({ code: 4001, reason: 'no-app' })
  })

  it('confirms a subscription, and answers a refused one with the channel it was for', async () => {
    const { visit } = pusherGateway()
    const ann = await visit(APP)
    expect(await ann.ask(subscribe('orders', ''), subscribe('private-a'))).toEqual([
      { event: 'pusher_internal:subscription_succeeded', channel: 'orders', data: '{}' },
      expect.objectContaining({ event: 'pusher:subscription_error', channel: 'private-a' }),
    ])
    expect(await ann.ask({ event: 'pusher:ping', data: {} })).toEqual([{ event: 'pusher:pong' }])
  })

  it('has the newcomer in its roster, and does not tell it of itself', async () => {
    const { visit } = pusherGateway({ hub: { authorizer: byAuth } })
    const [ann, ben] = [await visit(APP), await visit(APP)]
    await ann.ask(subscribe('presence-room', 'ann'))
    const [confirmed, ...more] = (await ben.ask(subscribe('presence-room', 'ben'))) as { data: string }[]
    expect(more).toEqual([])
    expect(JSON.parse(confirmed?.data ?? '')).toEqual({
      presence: { count: 2, ids: ['ann', 'ben'], hash: { ann: { name: 'ann' }, ben: { name: 'ben' } } },
    })
    const [joined] = (await ann.heard()) as { event: string; data: string }[]
    expect(joined?.event).toBe('pusher_internal:member_added')
    expect(JSON.parse(joined?.data ?? '')).toEqual({ user_id: 'ben', user_info: { name: 'ben' } })
    ben.conn.peerCloses()
    expect(await ann.heard()).toEqual([
      { event: 'pusher_internal:member_removed', channel: 'presence-room', data: '{"user_id":"ben"}' },
    ])
  })

  it('gives a slow newcomer its roster late, as the confirmation that it waits for', async () => {
    const { visit } = pusherGateway({ hub: { authorizer: byAuth } })
    const ann = await visit(APP)
    ann.conn.stall()
    await ann.ask({ event: 'pusher:ping' })
    await ann.ask(subscribe('presence-room', 'ann'))
    ann.conn.resume()
    expect(await ann.heard()).toEqual([
      { event: 'pusher:pong' },
      {
        event: 'pusher_internal:subscription_succeeded',
        channel: 'presence-room',
        data: '{"presence":{"count":1,"ids":["ann"],"hash":{"ann":{"name":"ann"}}}}',
      },
    ])
  })

  it('writes the data of the server as JSON inside JSON, byte for byte, once for everybody', async () => {
    const { hub, visit } = pusherGateway()
    const all = [await visit(APP), await visit(APP), await visit(APP)]
    for (const { ask } of all) await ask(subscribe('orders', ''))
    await hub.publish({ channel: 'orders', event: 'shipped', data: '{"n": 1.0}' })
    for (const { raw } of all) {
      expect(await raw()).toEqual(['{"event":"shipped","channel":"orders","data":"{\\"n\\": 1.0}"}'])
    }
    expect(new Set(all.map(({ conn }) => conn.batches.at(-1)?.frames[0])).size).toBe(1)
  })

  it('marks what clients publish, in whatever dialect, and keeps its type', async () => {
    const { hub, visit } = pusherGateway({ hub: { authorizer: () => true } })
    const [ann, ben, cat] = [await visit(), await visit(APP), await visit(APP)]
    await ann.ask({ op: 'sub', channel: 'private-room' })
    for (const { ask } of [ben, cat]) await ask(subscribe('private-room', 'x'))
    await ann.ask('{"op":"pub","channel":"private-room","event":"typing","data":{"n": 1.0}}')
    expect(await ben.raw()).toEqual(['{"event":"client-typing","channel":"private-room","data":{"n": 1.0}}'])
    await ben.ask('{"event":"client-typing","channel":"private-room","data":"1.0"}')
    expect(await ann.raw()).toEqual([
      `{"op":"msg","channel":"private-room","event":"client-typing","data":"1.0","from":{"client":"${ben.client.id}"}}`,
    ])
    expect((await cat.raw()).at(-1)).toBe('{"event":"client-typing","channel":"private-room","data":"1.0"}')
    await hub.close()
  })

  it('refuses what may not be published with a code of its own, and stays', async () => {
    const { visit } = pusherGateway()
    const ann = await visit(APP)
    await ann.ask(subscribe('orders', ''))
    expect(
      await ann.ask({ event: 'client-x', channel: 'orders' }, { event: 'client-x', channel: 'private-a' }),
    ).toEqual([
      { event: 'pusher:error', channel: 'orders', data: { code: 4301, message: expect.any(String) } },
      { event: 'pusher:error', channel: 'private-a', data: { code: 4301, message: expect.any(String) } },
    ])
    expect(ann.conn.open).toBe(true)
  })

  it('does not carry names that are its own: a counted drop', async () => {
    const { hub, visit } = pusherGateway()
    const [ann, ben] = [await visit(APP), await visit()]
    await ann.ask(subscribe('orders', ''))
    await ben.ask({ op: 'sub', channel: 'orders' })
    await hub.publish({ channel: 'orders', event: 'pusher:error', data: '{"code":4001}' })
    expect(await ann.heard()).toEqual([])
    expect(ann.client.dropCounts.encode).toBe(1)
    expect(await ben.heard()).toEqual([expect.objectContaining({ op: 'msg', event: 'pusher:error' })])
  })

  it('is closed at a gap, which it has no word for, with a code that lets it come back', async () => {
    const { hub, clock, visit } = pusherGateway({ hub: { outbox: { frames: 1 } } })
    const ann = await visit(APP)
    await ann.ask(subscribe('orders', ''))
    ann.conn.stall()
    for (let n = 0; n < 3; n++) {
      hub.broadcast('orders', String(n))
      await clock.settle()
    }
    expect(ann.client.connected).toBe(false)
    expect(ann.conn.closedWith?.code).toBe(4100)
  })
})

describe('a dialect like that of broadcaster', () => {
  const gateway = (protocol = broadcasterish()): TestGateway => testGateway({ protocols: { '/': protocol } })
  const expected = { __type: 'authError', reason: 'Auth expected' }

  it('hears nothing before auth, and closes with its own code', async () => {
    const { visit } = gateway()
    const ann = await visit()
    expect(await ann.ask({ __type: 'subscribe', channel: 'orders' }, { __type: 'auth' })).toEqual([expected])
    expect(ann.conn.closedWith).toEqual({ code: 4401, reason: 'Auth expected' })
  })

  it('waits 7 s for it', async () => {
    const { visit, clock } = gateway()
    const ann = await visit()
    clock.advance(7_100)
    expect(await ann.heard()).toEqual([expected])
    expect(ann.conn.closedWith).toEqual({ code: 4401, reason: 'Auth expected' })
  })

  it('ends the connection for broken JSON', async () => {
    const { visit } = gateway()
    const ann = await visit()
    expect(await ann.ask('{"__type":')).toEqual([])
    expect(ann.conn.closedWith).toEqual({ code: 4400, reason: 'a member has no value' })
  })

  it('answers with the channel, each time it is asked, and delivers once', async () => {
    const { hub, visit } = gateway(broadcasterish({ trusting: true }))
    const ann = await visit()
    const about = (type: string): object => ({ __type: type, channel: 'orders' })
    expect(await ann.ask(about('subscribe'), about('subscribe'))).toEqual([
      about('subscribeOk'),
      about('subscribeOk'),
    ])
    hub.broadcast('orders', '{"n": 1.0}')
    expect(await ann.heard()).toEqual([{ __type: 'message', channel: 'orders', body: '{"n": 1.0}' }])
    expect(await ann.ask(about('unsubscribe'), about('unsubscribe'))).toEqual([
      about('unsubscribeOk'),
      about('unsubscribeOk'),
    ])
    expect(
      await ann.ask({ __type: 'subscribe', channel: 'private-a' }, { __type: 'ping' }, { __type: 'auth' }),
    ).toEqual([
      { __type: 'unknown' },
      { __type: 'subscribeError', channel: 'private-a', reason: 'not allowed to subscribe to private-a' },
    ])
  })
})

describe('dialects side by side', () => {
  it('share channels and presence: each client is told in its own words', async () => {
    const protocols: Record<string, Protocol> = {
      '/': native(),
      '/app/*': pusherish('key'),
      '/b': broadcasterish({ trusting: true }),
    }
    const { hub, visit } = testGateway({ protocols, hub: { authorizer: () => true } })
    const [ann, ben, cat] = [await visit(), await visit(APP), await visit({ path: '/b' })]
    await ann.ask({ op: 'sub', channel: 'presence-room' })
    await cat.ask({ __type: 'subscribe', channel: 'presence-room' })
    await ann.heard()
    await ben.ask(subscribe('presence-room'))
    expect(await ann.heard()).toEqual([
      { op: 'join', channel: 'presence-room', member: { id: ben.client.id } },
    ])
    expect(await cat.heard()).toEqual([])
    hub.broadcast('presence-room', 'hello')
    expect(await ann.heard()).toEqual([
      { op: 'msg', channel: 'presence-room', event: 'message', data: 'hello' },
    ])
    expect(await ben.heard()).toEqual([{ event: 'message', channel: 'presence-room', data: 'hello' }])
    expect(await cat.heard()).toEqual([{ __type: 'message', channel: 'presence-room', body: 'hello' }])
    expect(ann.client.drops + ben.client.drops + cat.client.drops).toBe(0)
  })
})
