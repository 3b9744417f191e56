import { describe, expect, it } from 'vitest'

import { ScriptedRelay } from '../fakes/scripted-relay.ts'
import { deferred, testGateway } from '../fakes/test-gateway.ts'

describe('sub', () => {
  it('is answered before anything of the channel comes, and misses nothing after it', async () => {
    const { hub, visit } = testGateway()
    const ann = await visit()
    hub.broadcast('orders', '"too early"')
    ann.conn.says({ op: 'sub', id: 1, channel: 'orders' })
    hub.broadcast('orders', '"in time"')
    expect(await ann.heard()).toEqual([
      { op: 'ok', id: 1, channel: 'orders' },
      { op: 'msg', channel: 'orders', event: 'message', data: 'in time' },
    ])
  })

  it('is answered without an id when it had none, and each time', async () => {
    const { visit, hub } = testGateway()
    const ann = await visit()
    expect(await ann.ask({ op: 'sub', channel: 'orders' })).toEqual([{ op: 'ok', channel: 'orders' }])
    expect(
      await ann.ask({ op: 'sub', id: 'b', channel: 'orders' }, { op: 'sub', id: 0, channel: 'orders' }),
    ).toEqual([
      { op: 'ok', id: 'b', channel: 'orders' },
      { op: 'ok', id: 0, channel: 'orders' },
    ])
    expect(hub.channelCount('orders')).toBe(1)
  })

  it('hands the authorizer what came with it, as it is', async () => {
    const seen: unknown[] = []
    const { visit } = testGateway({
      hub: {
        authorizer: ({ credentials, channel, type, client, auth }) => {
          seen.push({ credentials, channel, type, id: client.id, auth })
          return true
        },
      },
    })
    const ann = await visit()
    const auth = { token: 'a:b', data: '{"user_id":1}', __proto__: null }
    expect(
      await ann.ask({ op: 'sub', id: 1, channel: 'private-a', auth }, { op: 'sub', channel: 'private-b' }),
    ).toEqual([
      { op: 'ok', id: 1, channel: 'private-a' },
      { op: 'ok', channel: 'private-b' },
    ])
    expect(seen).toEqual([
      {
        credentials: { token: 'a:b', data: '{"user_id":1}' },
        channel: 'private-a',
        type: 'private',
        id: ann.client.id,
        auth: undefined,
      },
      { credentials: undefined, channel: 'private-b', type: 'private', id: ann.client.id, auth: undefined },
    ])
  })

  it.each<[string, unknown, object]>([
    [
      'without leave',
      { op: 'sub', id: 1, channel: 'private-a' },
      { code: 'unauthorized', channel: 'private-a' },
    ],
    ['to a name that is none', { op: 'sub', id: 1, channel: 'a b' }, { code: 'bad-name', channel: 'a b' }],
    ['to no name', { op: 'sub', id: 1, channel: '' }, { code: 'bad-name', channel: '' }],
    ['to a name too long', { op: 'sub', id: 1, channel: 'x'.repeat(201) }, { code: 'bad-name' }],
  ])('%s is answered with a word and a sentence', async (_how, message, expected) => {
    const { visit, errors, hub } = testGateway()
    const ann = await visit()
    expect(await ann.ask(message)).toEqual([
      expect.objectContaining({ op: 'err', id: 1, message: expect.any(String), ...expected }),
    ])
    expect(ann.conn.open).toBe(true)
    expect(hub.channels()).toEqual([])
    expect(errors).toEqual([])
  })

  it('says nothing of why an authorizer failed; the operator is told', async () => {
    const { visit, errors } = testGateway({
      hub: { authorizer: () => Promise.reject(new Error('password of the database: hunter2')) },
    })
    const ann = await visit()
    const answer = await ann.ask({ op: 'sub', id: 1, channel: 'private-a' })
    expect(answer).toEqual([
      {
        op: 'err',
        id: 1,
        code: 'internal',
        channel: 'private-a',
        message: 'not allowed to subscribe to private-a',
      },
    ])
    expect(errors).toEqual([expect.objectContaining({ where: 'authorizer', channel: 'private-a' })])
  })

  it('to more channels than a client may hold is a limit, and the others stay', async () => {
    const { visit, hub } = testGateway({ hub: { maxChannelsPerClient: 2 } })
    const ann = await visit()
    const subs = ['a', 'b', 'c'].map((channel, id) => ({ op: 'sub', id, channel }))
    expect(await ann.ask(...subs)).toEqual([
      { op: 'ok', id: 0, channel: 'a' },
      { op: 'ok', id: 1, channel: 'b' },
      expect.objectContaining({ op: 'err', id: 2, code: 'limit', channel: 'c' }),
    ])
    expect(hub.channels()).toEqual(['a', 'b'])
  })

  it('that waits for the authorizer holds up nothing else', async () => {
    const leave = deferred<boolean>()
    const { visit } = testGateway({ hub: { authorizer: () => leave.promise } })
    const ann = await visit()
    expect(
      await ann.ask(
        { op: 'sub', id: 1, channel: 'private-a' },
        { op: 'sub', id: 2, channel: 'b' },
        { op: 'ping', id: 3 },
      ),
    ).toEqual([
      { op: 'ok', id: 2, channel: 'b' },
      { op: 'pong', id: 3 },
    ])
    leave.resolve(true)
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 1, channel: 'private-a' }])
  })

  it('twice while the authorizer thinks is one question and two answers', async () => {
    const leave = deferred<boolean>()
    let asked = 0
    const { visit } = testGateway({
      hub: {
        authorizer: () => {
          asked++
          return leave.promise
        },
      },
    })
    const ann = await visit()
    const sub = { op: 'sub', channel: 'private-a', auth: 'token' }
    await ann.ask({ ...sub, id: 1 }, { ...sub, id: 2 })
    leave.resolve(true)
    expect(await ann.heard()).toEqual([
      { op: 'ok', id: 1, channel: 'private-a' },
      { op: 'ok', id: 2, channel: 'private-a' },
    ])
    expect(asked).toBe(1)
  })

  it('again with other credentials calls the first off', async () => {
    const { visit } = testGateway({ hub: { authorizer: ({ credentials }) => credentials === 'right' } })
    const ann = await visit()
    const answers = await ann.ask(
      { op: 'sub', id: 1, channel: 'private-a', auth: 'wrong' },
      { op: 'sub', id: 2, channel: 'private-a', auth: 'right' },
    )
    expect(answers).toHaveLength(2)
    expect(answers).toContainEqual(expect.objectContaining({ op: 'err', id: 1, code: 'cancelled' }))
    expect(answers).toContainEqual({ op: 'ok', id: 2, channel: 'private-a' })
  })

  it('waits for the relay, and is acknowledged when nothing will be missed', async () => {
    const { visit, hub } = testGateway()
    const relay = new ScriptedRelay()
    hub.attach(relay)
    const ann = await visit()
    expect(await ann.ask({ op: 'sub', id: 1, channel: 'orders' })).toEqual([])
    relay.succeed('open orders')
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 1, channel: 'orders' }])
  })
})

describe('unsub', () => {
  it('is answered if it had an id, subscribed or not', async () => {
    const { visit, hub } = testGateway()
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'orders' })
    expect(
      await ann.ask({ op: 'unsub', id: 1, channel: 'orders' }, { op: 'unsub', id: 2, channel: 'orders' }),
    ).toEqual([
      { op: 'ok', id: 1, channel: 'orders' },
      { op: 'ok', id: 2, channel: 'orders' },
    ])
    expect(hub.channels()).toEqual([])
  })

  it('without an id is told when there was something to end', async () => {
    const { visit } = testGateway()
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'orders' })
    expect(await ann.ask({ op: 'unsub', channel: 'orders' }, { op: 'unsub', channel: 'orders' })).toEqual([
      { op: 'unsub', channel: 'orders' },
    ])
  })

  it('calls off a subscribe that still waits: nothing of it comes later', async () => {
    const leave = deferred<boolean>()
    const { visit, hub } = testGateway({ hub: { authorizer: () => leave.promise } })
    const ann = await visit()
    const answers = await ann.ask(
      { op: 'sub', id: 1, channel: 'private-a' },
      { op: 'unsub', id: 2, channel: 'private-a' },
    )
    expect(answers).toContainEqual({ op: 'ok', id: 2, channel: 'private-a' })
    expect(answers).toContainEqual(expect.objectContaining({ op: 'err', id: 1, code: 'cancelled' }))
    leave.resolve(true)
    expect(await ann.heard()).toEqual([])
    expect(hub.channels()).toEqual([])
  })

  it('is told with a reason when it was not the client that asked', async () => {
    const { visit, clock, hub } = testGateway({
      hub: { authorizer: () => ({ allowed: true, expiresAt: clock.now() + 60_000 }) },
    })
    const ann = await visit()
    await ann.ask({ op: 'sub', id: 1, channel: 'private-a' }, { op: 'sub', id: 2, channel: 'b' })
    clock.advance(60_100)
    expect(await ann.heard()).toEqual([
      { op: 'expiring', channel: 'private-a', in: 30_000 },
      { op: 'unsub', channel: 'private-a', code: 'expired' },
    ])
    expect(hub.channels()).toEqual(['b'])
    hub.unsubscribe(ann.client, 'b')
    expect(await ann.heard()).toEqual([{ op: 'unsub', channel: 'b' }])
  })
})
