import { type Grant, type Member, type PresenceEvent, UnauthorizedError } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'

const ROOM = 'presence-room'

/** A hub that believes everybody who they say they are: `auth` is the member. */
function trustingHub() {
  const kit = testHub({ authorizer: ({ auth }) => ({ allowed: true, member: auth as Grant['member'] }) })
  const join = async (member?: unknown, protocol = outspoken()) => {
    const one = kit.connect({ auth: member, protocol })
    await kit.hub.subscribe(one.client, ROOM)
    return one
  }
  return { ...kit, join }
}

const ann = { id: 'ann' }
const ben = { id: 'ben' }
const cat = { id: 'cat' }

describe('a newcomer', () => {
  it('gets the roster as it stood before, then everybody, the newcomer too, gets the join', async () => {
    const { clock, join } = trustingHub()
    const first = await join(ann)
    clock.turn()
    expect(first.conn.received).toEqual([`ok ${ROOM} []`, `+ann ${ROOM}`])
    first.conn.take()
    const second = await join(ben)
    clock.turn()
    expect(second.conn.received).toEqual([`ok ${ROOM} [ann]`, `+ben ${ROOM}`])
    expect(first.conn.received).toEqual([`+ben ${ROOM}`])
  })

  it('gets nothing of the channel before its roster, and misses nothing after it', async () => {
    const { hub, clock, join } = trustingHub()
    hub.broadcast(ROOM, 'before')
    const first = await join(ann)
    hub.broadcast(ROOM, 'after')
    clock.turn()
    expect(first.conn.received).toEqual([`ok ${ROOM} []`, `+ann ${ROOM}`, 'after'])
  })

  it('stands in its roster, and is not told of itself, where the protocol wants it so', async () => {
    const { clock, join } = trustingHub()
    const modest = outspoken({ presence: { joinToSelf: false, selfInRoster: true } })
    const first = await join(ann, modest)
    const second = await join(ben, modest)
    clock.turn()
    expect(first.conn.received).toEqual([`ok ${ROOM} [ann]`, `+ben ${ROOM}`])
    expect(second.conn.received).toEqual([`ok ${ROOM} [ann,ben]`])
  })

  it('is told by each in the words of its own protocol', async () => {
    const { clock, join } = trustingHub()
    const first = await join(ann, outspoken())
    const second = await join(ben, outspoken({ presence: { joinToSelf: false } }))
    clock.turn()
    expect(first.conn.received.at(-1)).toBe(`+ben ${ROOM}`)
    expect(second.conn.received).toEqual([`ok ${ROOM} [ann]`])
  })

  it('gets no roster again when it subscribes again', async () => {
    const { hub, clock, join } = trustingHub()
    const { client, conn } = await join(ann)
    await hub.subscribe(client, ROOM)
    clock.turn()
    expect(conn.received).toEqual([`ok ${ROOM} []`, `+ann ${ROOM}`, `again ${ROOM}`])
    hub.unsubscribe(client, ROOM)
    expect(hub.presence(ROOM)).toBeUndefined()
  })
})

describe('one who leaves', () => {
  it.each<
    [
      string,
      (
        kit: ReturnType<typeof trustingHub>,
        who: Awaited<ReturnType<ReturnType<typeof trustingHub>['join']>>,
      ) => void,
    ]
  >([
    ['unsubscribes', ({ hub }, { client }) => hub.unsubscribe(client, ROOM)],
    ['is closed', (_kit, { client }) => client.close()],
    ['goes by itself', (_kit, { conn }) => conn.peerCloses()],
    [
      'has a connection that breaks',
      ({ hub, clock }, { client, conn }) => {
        conn.failNextWrite()
        hub.sendTo(client.id, 'x')
        clock.turn()
      },
    ],
  ])('is told to the rest when it %s', async (_how, leave) => {
    const kit = trustingHub()
    const first = await kit.join(ann)
    const second = await kit.join(ben)
    kit.clock.turn()
    first.conn.take()
    second.conn.take()
    leave(kit, second)
    kit.clock.turn()
    expect(first.conn.received).toEqual([`-ben ${ROOM}`])
    expect(second.conn.received).not.toContain(`-ben ${ROOM}`)
    expect(kit.hub.presence(ROOM)).toEqual([ann])
  })

  it('is told of a grant that expired, too', async () => {
    const { hub, clock, connect } = testHub({
      authorizer: ({ auth }) => ({
        allowed: true,
        member: { id: auth as string },
        ...(auth === 'ben' && { expiresAt: 1_000 }),
      }),
    })
    const [first, second] = [connect({ auth: 'ann' }), connect({ auth: 'ben' })]
    for (const { client } of [first, second]) await hub.subscribe(client, ROOM)
    clock.advance(1_100)
    expect(hub.presence(ROOM)).toEqual([ann])
    expect(first.conn.messages.at(-1)).toEqual({
      event: 'presence:member_removed',
      channel: ROOM,
      member: ben,
    })
  })
})

describe('a member with several connections', () => {
  it('joins with the first and leaves with the last', async () => {
    const { hub, clock, join } = trustingHub()
    const events: string[] = []
    hub.on('presence', ({ joined, member }) => events.push(`${joined ? '+' : '-'}${member.id}`))
    const watcher = await join(ann)
    const tabs = [await join(ben), await join(ben), await join(ben)]
    clock.turn()
    expect(watcher.conn.take()).toEqual([`ok ${ROOM} []`, `+ann ${ROOM}`, `+ben ${ROOM}`])
    expect(hub.presence(ROOM)).toEqual([ann, ben])
    expect(hub.channelCount(ROOM)).toBe(4)

    hub.unsubscribe(tabs[1]!.client, ROOM)
    tabs[0]!.conn.peerCloses()
    clock.turn()
    expect(watcher.conn.take()).toEqual([])
    expect(hub.presence(ROOM)).toEqual([ann, ben])

    tabs[2]!.client.close()
    clock.turn()
    expect(watcher.conn.take()).toEqual([`-ben ${ROOM}`])
    expect(hub.presence(ROOM)).toEqual([ann])
    expect(events).toEqual(['+ann', '+ben', '-ben'])
  })

  it('finds itself in the roster of its second connection, and is not told of itself there', async () => {
    const { clock, join } = trustingHub()
    await join(ann)
    const second = await join(ann)
    clock.turn()
    expect(second.conn.received).toEqual([`ok ${ROOM} [ann]`])
  })

  it('keeps the info it came with', async () => {
    const { hub, join } = trustingHub()
    await join({ id: 'ann', info: 'first' })
    await join({ id: 'ann', info: 'second' })
    expect(hub.presence(ROOM)).toEqual([{ id: 'ann', info: 'first' }])
  })

  it('is the same member whether its id is written as a number or as text', async () => {
    const { hub, join } = trustingHub()
    const first = await join({ id: 7 })
    await join({ id: '7' })
    expect(hub.presence(ROOM)).toEqual([{ id: 7 }])
    first.client.close()
    expect(hub.presence(ROOM)).toEqual([{ id: 7 }])
  })
})

describe('a member id', () => {
  it.each<[string, unknown]>([
    ['no member', undefined],
    ['a member without id', {}],
    ['an empty id', { id: '' }],
    ['an id that is null', { id: null }],
    ['a member that is null', null],
  ])('is the client id when the authorizer gives %s', async (_what, member) => {
    const { hub, join } = trustingHub()
    const { client } = await join(member)
    expect(hub.presence(ROOM)).toEqual([{ id: client.id }])
  })

  it('may be zero', async () => {
    const { hub, join } = trustingHub()
    await join({ id: 0 })
    expect(hub.presence(ROOM)).toEqual([{ id: 0 }])
  })

  it('may be a word that objects know', async () => {
    const { hub, join } = trustingHub()
    const { client } = await join({ id: '__proto__' })
    await join({ id: 'constructor' })
    expect(hub.presence(ROOM)).toEqual([{ id: '__proto__' }, { id: 'constructor' }])
    client.close()
    expect(hub.presence(ROOM)).toEqual([{ id: 'constructor' }])
  })

  it.each<[string, unknown]>([
    ['an object', {}],
    ['a boolean', true],
    ['a big integer', 7n],
    ['not a number', Number.NaN],
  ])('that is %s is a mistake of the authorizer, and a denial', async (_what, id) => {
    const { hub, join, reported } = trustingHub()
    await expect(join({ id })).rejects.toThrow(UnauthorizedError)
    expect(reported).toEqual([expect.any(TypeError)])
    expect(hub.channels()).toEqual([])
  })
})

describe("a member's info", () => {
  it.each<[string, unknown, string | undefined]>([
    ['an object', { name: 'Ann' }, '{"name":"Ann"}'],
    ['a string that is JSON, to the letter', '{ "n" : 1.0 }', '{ "n" : 1.0 }'],
    ['a string that is a JSON number', '12', '12'],
    ['any other string, as a JSON string', 'Ann "the" \n', '"Ann \\"the\\" \\n"'],
    ['a number', 7, '7'],
    ['false', false, 'false'],
    ['null', null, 'null'],
    ['an empty list', [], '[]'],
    ['nothing', undefined, undefined],
    ['an empty string: nothing, as in the package it comes from', '', undefined],
  ])('may be %s', async (_what, info, text) => {
    const { clock, join } = trustingHub()
    const { conn } = await join({ id: 'ann', info })
    await join(ben)
    clock.turn()
    expect(conn.received[1]).toBe(`+ann${text === undefined ? '' : `=${text}`} ${ROOM}`)
  })

  it('is denied, and reported, when it cannot be written as JSON', async () => {
    const { hub, join, reported } = trustingHub()
    const circle: Record<string, unknown> = {}
    circle.self = circle
    await expect(join({ id: 'ann', info: circle })).rejects.toThrow(UnauthorizedError)
    await expect(join({ id: 'ann', info: 7n })).rejects.toThrow(UnauthorizedError)
    expect(reported).toEqual([expect.any(TypeError), expect.any(TypeError)])
    expect(hub.channels()).toEqual([])
    expect(hub.stats().subscriptions).toBe(0)
  })
})

describe('the frames of plain', () => {
  it('are those of the package it comes from, byte for byte', async () => {
    const { hub, clock, connect } = testHub({
      authorizer: ({ auth }) => ({ allowed: true, member: auth as Member }),
    })
    const first = connect({ auth: { id: 'u42', info: '{"name": "Ada"}' } })
    await hub.subscribe(first.client, 'presence-room.7')
    const second = connect({ auth: { id: 7 } })
    await hub.subscribe(second.client, 'presence-room.7')
    second.client.close()
    clock.turn()
    expect(first.conn.received).toEqual([
      '{"event":"presence:subscription_succeeded","channel":"presence-room.7"}',
      '{"event":"presence:member_added","channel":"presence-room.7","member":{"id":"u42","info":{"name": "Ada"}}}',
      '{"event":"presence:member_added","channel":"presence-room.7","member":{"id":7}}',
      '{"event":"presence:member_removed","channel":"presence-room.7","member":{"id":7}}',
    ])
    expect(second.conn.received[0]).toBe(
      '{"event":"presence:subscription_succeeded","channel":"presence-room.7","members":[{"id":"u42","info":{"name": "Ada"}}]}',
    )
  })

  it('cannot be broken by an id or an info', async () => {
    const { hub, clock, connect } = testHub({
      authorizer: () => ({ allowed: true, member: { id: '"},\n{"', info: '\ud800 \u2028' } }),
    })
    const { client, conn } = connect()
    await hub.subscribe(client, ROOM)
    clock.turn()
    expect(conn.messages[1]).toEqual({
      event: 'presence:member_added',
      channel: ROOM,
      member: { id: '"},\n{"', info: '\ud800 \u2028' },
    })
  })
})

describe('hub.presence', () => {
  it('is undefined where there is no roster', async () => {
    const { hub, connect } = testHub({ authorizer: () => true })
    const { client } = connect()
    await hub.subscribe(client, 'orders')
    await hub.subscribe(client, 'private-a')
    for (const channel of ['orders', 'private-a', ROOM, 'no such name!']) {
      expect(hub.presence(channel)).toBeUndefined()
    }
  })

  it('gives a copy', async () => {
    const { hub, join } = trustingHub()
    await join({ id: 'ann', info: 'hi' })
    const [copy] = hub.presence(ROOM)!
    Object.assign(copy!, { id: 'mallory' })
    hub.presence(ROOM)!.length = 0
    expect(hub.presence(ROOM)).toEqual([{ id: 'ann', info: 'hi' }])
  })

  it('lists the members in the order in which they came', async () => {
    const { hub, join } = trustingHub()
    const first = await join(ann)
    await join(ben)
    first.client.close()
    await join(cat)
    await join(ann)
    expect(hub.presence(ROOM)!.map(({ id }) => id)).toEqual(['ben', 'cat', 'ann'])
  })
})

describe('hub.roster', () => {
  it('shows the members, as protocols write them, to those who are in the channel alone', async () => {
    const { hub, join, connect } = trustingHub()
    const first = await join({ id: 'ann', info: { n: 1 } })
    const stranger = connect()
    expect(hub.roster(first.client, ROOM)?.members).toEqual([{ id: 'ann', info: '{"n":1}' }])
    expect(hub.roster(stranger.client, ROOM)).toBeUndefined()
    expect(hub.roster(first.client, 'orders')).toBeUndefined()
    first.client.close()
    expect(hub.roster(first.client, ROOM)).toBeUndefined()
  })
})

describe('the event of a presence change', () => {
  it('comes after the operation, when the roster has changed already', async () => {
    const { hub, join } = trustingHub()
    const events: [PresenceEvent, Member[] | undefined][] = []
    hub.on('presence', (event) => events.push([event, hub.presence(event.channel)]))
    const first = await join({ id: 'ann', info: 'hi' })
    hub.unsubscribe(first.client, ROOM)
    const member = { id: 'ann', info: 'hi' }
    expect(events).toEqual([
      [{ channel: ROOM, joined: true, member }, [member]],
      [{ channel: ROOM, joined: false, member }, undefined],
    ])
  })
})

describe('what a roster costs', () => {
  it('is encoded once per version, not once per reader', async () => {
    const { hub, clock, connect } = testHub({
      authorizer: ({ auth }) => ({ allowed: true, member: { id: auth as string } }),
    })
    const loud = outspoken()
    const join = async (auth: string) => {
      const one = connect({ auth, protocol: loud })
      await hub.subscribe(one.client, ROOM)
      return one
    }
    await join('ann')
    expect(loud.encoded.rosters).toBe(1)
    const tabs = [await join('ben')]
    expect(loud.encoded.rosters).toBe(2)
    for (let n = 0; n < 5; n++) tabs.push(await join('ben'))
    // Ann and Ben, seen by five further tabs of Ben: one version, encoded once.
    expect(loud.encoded.rosters).toBe(3)
    clock.turn()
    expect(tabs[5]!.conn.received[0]).toBe(`ok ${ROOM} [ann,ben]`)
  })

  it('is made anew when somebody has left', async () => {
    const { hub, clock, join } = trustingHub()
    await join(ann)
    const tabs = [await join(ben), await join(ben)]
    for (const { client } of tabs) hub.unsubscribe(client, ROOM)
    const late = await join(cat)
    clock.turn()
    expect(late.conn.received[0]).toBe(`ok ${ROOM} [ann]`)
  })

  it('stays with each reader as it was when it was read', async () => {
    const { clock, join } = trustingHub()
    await join(ann)
    const second = await join(ben)
    const third = await join(cat)
    second.client.close()
    clock.turn()
    expect(second.conn.received[0]).toBe(`ok ${ROOM} [ann]`)
    expect(third.conn.received[0]).toBe(`ok ${ROOM} [ann,ben]`)
  })

  it('leaves the others alone when every second of many leaves', async () => {
    const { hub, connect } = testHub({
      authorizer: ({ auth }) => ({ allowed: true, member: { id: auth as string } }),
    })
    const room = Array.from({ length: 60 }, (_, n) => connect({ auth: `m${String(n)}` }))
    for (const { client } of room) await hub.subscribe(client, ROOM)
    for (let n = 0; n < 60; n += 2) room[n]!.client.close()
    expect(hub.presence(ROOM)!.map(({ id }) => id)).toEqual(
      Array.from({ length: 30 }, (_, n) => `m${String(2 * n + 1)}`),
    )
  })
})
