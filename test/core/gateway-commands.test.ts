import { describe, expect, it } from 'vitest'

import { testGateway } from '../fakes/test-gateway.ts'

describe('a presence channel', () => {
  it('gives the newcomer the roster with itself in it, and tells the others alone', async () => {
    const { visit } = testGateway()
    const [ann, ben] = [await visit(), await visit()]
    const sub = { op: 'sub', id: 1, channel: 'presence-room' }
    const annMember = { id: 'ann', info: { name: 'ann' } }
    const benMember = { id: 'ben', info: { name: 'ben' } }
    expect(await ann.ask({ ...sub, auth: 'ann' })).toEqual([
      { op: 'ok', id: 1, channel: 'presence-room', me: annMember, members: [annMember] },
    ])
    expect(await ben.ask({ ...sub, auth: 'ben' })).toEqual([
      { op: 'ok', id: 1, channel: 'presence-room', me: benMember, members: [annMember, benMember] },
    ])
    expect(await ann.heard()).toEqual([{ op: 'join', channel: 'presence-room', member: benMember }])
    ben.conn.peerCloses()
    expect(await ann.heard()).toEqual([{ op: 'leave', channel: 'presence-room', member: benMember }])
  })

  it('counts two tabs as one member, and the second learns who it is', async () => {
    const { visit } = testGateway({
      hub: {
        authorizer: ({ credentials }) => ({ allowed: true, member: { id: 7, info: { tab: credentials } } }),
      },
    })
    const [first, second] = [await visit(), await visit()]
    const member = { id: 7, info: { tab: 1 } }
    await first.ask({ op: 'sub', channel: 'presence-room', auth: 1 })
    expect(await second.ask({ op: 'sub', channel: 'presence-room', auth: 2 })).toEqual([
      { op: 'ok', channel: 'presence-room', me: member, members: [member] },
    ])
    expect(await first.heard()).toEqual([])
    expect(await second.ask({ op: 'unsub', id: 9, channel: 'presence-room' })).toEqual([
      { op: 'ok', id: 9, channel: 'presence-room' },
    ])
    expect(await first.heard()).toEqual([])
  })

  it('answers a slow client now, and gives it the roster when it can take it', async () => {
    const { visit } = testGateway()
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask({ op: 'sub', channel: 'presence-room', auth: 'ann' })
    ben.conn.stall()
    await ben.ask({ op: 'ping' })
    expect(await ben.ask({ op: 'sub', id: 1, channel: 'presence-room', auth: 'ben' })).toEqual([])
    ben.conn.resume()
    expect(await ben.heard()).toEqual([
      { op: 'pong' },
      { op: 'ok', id: 1, channel: 'presence-room' },
      {
        op: 'members',
        channel: 'presence-room',
        members: ['ann', 'ben'].map((name) => ({ id: name, info: { name } })),
      },
    ])
  })
})

describe('who', () => {
  it('tells those in a presence channel who is in it', async () => {
    const { visit } = testGateway()
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask({ op: 'sub', channel: 'presence-room', auth: 'ann' })
    await ben.ask({ op: 'sub', channel: 'presence-room', auth: 'ben' })
    await ann.heard()
    expect(await ann.ask({ op: 'who', id: 5, channel: 'presence-room' })).toEqual([
      {
        op: 'ok',
        id: 5,
        channel: 'presence-room',
        members: ['ann', 'ben'].map((name) => ({ id: name, info: { name } })),
      },
    ])
  })

  it.each(['presence-room', 'private-a', 'orders', 'no such', '', '__proto__'])(
    'tells a stranger to %j nothing, not even whether somebody is there',
    async (channel) => {
      const { visit, hub } = testGateway()
      const [ann, eve] = [await visit(), await visit()]
      await ann.ask({ op: 'sub', channel: 'presence-room', auth: 'ann' }, { op: 'sub', channel: 'orders' })
      const [asked] = await eve.ask({ op: 'who', id: 5, channel })
      expect(asked).toEqual({
        op: 'err',
        id: 5,
        code: 'not-subscribed',
        channel,
        message: 'subscribe to the presence channel first',
      })
      await hub.close()
    },
  )

  it('has no answer for a channel without a roster, subscribed or not', async () => {
    const { visit } = testGateway()
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'orders' })
    expect(await ann.ask({ op: 'who', id: 5, channel: 'orders' })).toEqual([
      expect.objectContaining({ op: 'err', id: 5, code: 'not-subscribed' }),
    ])
  })
})

describe('ping, pong and hello', () => {
  it('get their answers, and pong and hello none', async () => {
    const { visit } = testGateway()
    const ann = await visit()
    expect(
      await ann.ask(
        { op: 'hello', v: 1 },
        { op: 'ping' },
        { op: 'pong' },
        { op: 'ping', id: 'x' },
        { op: 'hello' },
      ),
    ).toEqual([{ op: 'pong' }, { op: 'pong', id: 'x' }])
  })

  it('a version that is not spoken here is told and ends the connection', async () => {
    const { visit } = testGateway()
    const ann = await visit()
    const message = 'this server speaks version 1'
    expect(await ann.ask({ op: 'hello', id: 1, v: 2 }, { op: 'ping' })).toEqual([
      { op: 'err', id: 1, code: 'bad-version', message },
      { op: 'bye', code: 'bad-version', retry: false, message },
    ])
    expect(ann.conn.closedWith).toEqual({ code: 4006, reason: message })
  })
})

describe('what a client does wrong', () => {
  it.each<[unknown, object]>([
    ['no JSON', { code: 'bad-frame' }],
    ['[]', { code: 'bad-frame' }],
    [new Uint8Array([1, 2]), { code: 'bad-frame' }],
    [{ id: 1 }, { id: 1, code: 'bad-frame' }],
    [
      { op: 'dance', id: 1 },
      { id: 1, code: 'unknown' },
    ],
    [
      { op: 'sub', id: 1 },
      { id: 1, code: 'bad-frame' },
    ],
    [
      { op: 'call', id: 1, method: 'nobody handles it' },
      { id: 1, code: 'unknown' },
    ],
    [
      { op: 'who', channel: 'orders' },
      { code: 'not-subscribed', channel: 'orders' },
    ],
  ])('is answered and hurts nobody: %j', async (message, expected) => {
    const { visit, errors } = testGateway()
    const [ann, ben] = [await visit(), await visit()]
    await ben.ask({ op: 'sub', channel: 'orders' })
    expect(await ann.ask(message)).toEqual([{ op: 'err', message: expect.any(String), ...expected }])
    expect(await ann.ask({ op: 'ping', id: 2 })).toEqual([{ op: 'pong', id: 2 }])
    expect(await ben.ask({ op: 'ping', id: 3 })).toEqual([{ op: 'pong', id: 3 }])
    expect(errors).toEqual([])
  })
})
