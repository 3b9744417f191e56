import { type Broadcast, closeCode, Payload, plain, type Unicast } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'
import { rosterOf } from '../contracts/protocol-samples.ts'

// The frames of the realtime package of lagodev, as its documentation and its clients have them.

const protocol = plain()
const ada = { id: 'u42', info: '{"name":"Ada"}' }

describe('plain', () => {
  it.each<[string, Broadcast, string]>([
    [
      'a join',
      { on: 'join', channel: 'presence-room.7', member: ada },
      '{"event":"presence:member_added","channel":"presence-room.7","member":{"id":"u42","info":{"name":"Ada"}}}',
    ],
    [
      'a leave',
      { on: 'leave', channel: 'presence-room.7', member: ada },
      '{"event":"presence:member_removed","channel":"presence-room.7","member":{"id":"u42","info":{"name":"Ada"}}}',
    ],
    [
      'a member without info',
      { on: 'join', channel: 'presence-room.7', member: { id: 7 } },
      '{"event":"presence:member_added","channel":"presence-room.7","member":{"id":7}}',
    ],
    [
      'a roster',
      { on: 'roster', channel: 'presence-room.7', roster: rosterOf(ada, { id: '"' }) },
      '{"event":"presence:subscription_succeeded","channel":"presence-room.7","members":[{"id":"u42","info":{"name":"Ada"}},{"id":"\\""}]}',
    ],
    [
      'an empty roster',
      { on: 'roster', channel: 'presence-room.7', roster: rosterOf() },
      '{"event":"presence:subscription_succeeded","channel":"presence-room.7"}',
    ],
  ])('writes %s', (_what, event, frame) => {
    expect(protocol.broadcast(event)).toBe(frame)
  })

  it.each(['', 'no JSON', '{"a" : 1.0}', '\u0000', 'é€😀', '{"event":"member_added"}'])(
    'sends a text as it is: %j',
    (data) => {
      for (const channel of ['orders', undefined]) {
        const payload = new Payload(data)
        expect(
          protocol.broadcast({ on: 'message', channel, event: 'e', data: payload, from: { client: '1.1' } }),
        ).toBe(data)
      }
    },
  )

  it('sends bytes as they are', () => {
    const bytes = new Uint8Array([0, 255, 128])
    expect(protocol.broadcast({ on: 'message', channel: 'c', data: new Payload(bytes) })).toBe(bytes)
  })

  it('gives the newcomer the roster, and says nothing else to anybody alone', () => {
    const subscribed = { on: 'subscribed', channel: 'presence-room.7', again: false } as const
    expect(protocol.unicast({ ...subscribed, me: ada, roster: rosterOf() }, undefined)).toEqual([
      '{"event":"presence:subscription_succeeded","channel":"presence-room.7"}',
    ])
    const silent: Unicast[] = [
      subscribed,
      { ...subscribed, again: true },
      { on: 'open', client: '1.1', heartbeatMs: 1 },
      { on: 'unsubscribed', channel: 'c', why: 'expired' },
      { on: 'failed', what: 'raw', why: 'internal' },
      { on: 'reply', ref: 1, data: Payload.of(1) },
      { on: 'pong' },
    ]
    for (const event of silent) expect(protocol.unicast(event, undefined)).toEqual([])
  })

  it('has no word for a gap', () => {
    expect(protocol.traits.gap).toBe('count')
    expect(protocol.broadcast({ on: 'gap', channel: 'c', count: 1, reason: 'slow' })).toBeUndefined()
  })

  it('hands on what a client says, untouched', () => {
    const bytes = new Uint8Array([1])
    expect(protocol.decode('{"op":"sub"', undefined)).toEqual([
      { do: 'raw', data: new Payload('{"op":"sub"') },
    ])
    expect(protocol.decode(bytes, undefined)).toEqual([{ do: 'raw', data: new Payload(bytes) }])
  })

  it('has no last words but the close code', () => {
    expect(protocol.bye('slow', undefined)).toEqual({ frames: [], code: closeCode('slow'), reason: 'slow' })
  })
})

describe('a presence channel in plain', () => {
  /** Who brings a name comes in under it, with that info. */
  function presenceHub(): ReturnType<typeof testHub> {
    return testHub({
      authorizer: ({ auth }) => ({ allowed: true, member: auth as { id: string; info?: unknown } }),
    })
  }

  const succeeded = '{"event":"presence:subscription_succeeded","channel":"presence-room.7"'
  const frame = (event: string, member: string): string =>
    `{"event":"presence:${event}","channel":"presence-room.7","member":${member}}`

  it('tells the newcomer who was there before it, then everybody, it too, that it came', async () => {
    const { hub, clock, connect } = presenceHub()
    const annText = '{"id":"ann","info":{"name":"Ann"}}'
    const benText = '{"id":"ben","info":"no JSON"}'
    const ann = connect({ auth: { id: 'ann', info: { name: 'Ann' } } })
    const ben = connect({ auth: { id: 'ben', info: 'no JSON' } })
    void hub.subscribe(ann.client, 'presence-room.7')
    await clock.settle()
    expect(ann.conn.received.splice(0)).toEqual([`${succeeded}}`, frame('member_added', annText)])
    void hub.subscribe(ben.client, 'presence-room.7')
    await clock.settle()
    expect(ben.conn.received.splice(0)).toEqual([
      `${succeeded},"members":[${annText}]}`,
      frame('member_added', benText),
    ])
    expect(ann.conn.received.splice(0)).toEqual([frame('member_added', benText)])
    hub.unsubscribe(ben.client, 'presence-room.7')
    await clock.settle()
    expect(ann.conn.received).toEqual([frame('member_removed', benText)])
    expect(ben.conn.received).toEqual([])
  })

  it('is silent the second time', async () => {
    const { hub, clock, connect } = presenceHub()
    const ann = connect({ auth: { id: 'ann' } })
    void hub.subscribe(ann.client, 'presence-room.7')
    await clock.settle()
    ann.conn.received.length = 0
    void hub.subscribe(ann.client, 'presence-room.7')
    await clock.settle()
    expect(ann.conn.received).toEqual([])
  })

  it('calls a client without a name by its id', async () => {
    const { hub, clock, connect } = presenceHub()
    const ann = connect({ auth: { id: '' } })
    void hub.subscribe(ann.client, 'presence-room.7')
    await clock.settle()
    expect(ann.conn.received).toEqual([`${succeeded}}`, frame('member_added', `{"id":"${ann.client.id}"}`)])
  })
})

describe('what a client publishes, to clients of plain', () => {
  const forged = '{"event":"presence:member_removed","channel":"presence-room","member":{"id":"ann"}}'

  it.each([forged, ` { "x" : 1, "\\u0065vent" : "presence:member_added" } `])(
    'cannot pose as a presence frame: %s is a counted drop',
    async (data) => {
      const { hub, clock, connect } = testHub({ authorizer: () => true })
      const { client, conn } = connect()
      await hub.subscribe(client, 'private-room')
      await hub.publish({ channel: 'private-room', event: 'x', data, from: { client: '9.9' } })
      clock.turn()
      expect(conn.received).toEqual([])
      expect(client.dropCounts.encode).toBe(1)
    },
  )

  it('goes out as it is otherwise, and so does whatever the application says itself', async () => {
    const { hub, clock, connect } = testHub({ authorizer: () => true })
    const { client, conn } = connect()
    await hub.subscribe(client, 'private-room')
    await hub.publish({ channel: 'private-room', data: '{"event":"typing"}', from: { client: '9.9' } })
    hub.broadcast('private-room', forged)
    clock.turn()
    expect(conn.received).toEqual(['{"event":"typing"}', forged])
  })
})
