import type { AddOptions, HubOptions } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { numbered, slowClient } from '../fakes/slow-client.ts'

const ROOM = 'presence-room'

/** A slow client of a protocol that has a word for a gap. */
const slow = (options: HubOptions = {}, added: AddOptions & { channels?: string[] } = {}) =>
  slowClient(
    { authorizer: ({ auth }) => ({ allowed: true, member: { id: auth as string } }), ...options },
    { protocol: outspoken(), auth: 'me', ...added },
  )

describe('a gap notice', () => {
  it('stands where the hole is, before what follows, and says how many are missing', async () => {
    const { say, conn, recover } = await slow({ outbox: { frames: 2 } })
    say('a', 'b', 'c', 'd', 'e')
    conn.drain(1)
    say('f')
    expect(recover()).toEqual(['a', 'b', 'gap orders 3 slow', 'f'])
  })

  it('goes out even if nothing follows', async () => {
    const { say, recover } = await slow({ outbox: { frames: 1 } })
    say('a', 'b')
    expect(recover()).toEqual(['a', 'gap orders 1 slow'])
  })

  it('stands in front when the oldest were dropped', async () => {
    const { say, recover } = await slow({ outbox: { frames: 2 }, slowConsumer: 'drop-oldest' })
    say(...numbered(7))
    expect(recover()).toEqual(['gap orders 5 slow', 'x6', 'x7'])
  })

  it('is one for each channel, and one for direct messages', async () => {
    const { hub, client, recover } = await slow({ outbox: { frames: 1 } }, { channels: ['invoices'] })
    hub.broadcast('orders', 'a')
    for (let n = 0; n < 3; n++) {
      hub.broadcast('orders', 'lost')
      hub.broadcast('invoices', 'lost')
      client.send('lost')
    }
    expect(recover()).toEqual(['a', 'gap orders 3 slow', 'gap invoices 3 slow', 'gap direct 3 slow'])
  })

  it('stands at each hole of a channel when there are several', async () => {
    const { say, recover } = await slow({ outbox: { bytes: 8 } })
    say('aaa', 'too long', 'bb', 'too long', 'too long', 'cc')
    expect(recover()).toEqual(['aaa', 'gap orders 1 slow', 'bb', 'gap orders 2 slow', 'cc'])
  })

  it('keeps holes of different channels apart when the oldest go', async () => {
    const { hub, recover } = await slow(
      { outbox: { frames: 2 }, slowConsumer: 'drop-oldest' },
      { channels: ['invoices'] },
    )
    hub.broadcast('orders', 'o1')
    hub.broadcast('invoices', 'i1')
    hub.broadcast('orders', 'o2')
    hub.broadcast('invoices', 'i2')
    hub.broadcast('orders', 'o3')
    // Gone, oldest first: o1, i1, o2. Left: i2, o3.
    expect(recover()).toEqual(['gap orders 2 slow', 'gap invoices 1 slow', 'i2', 'o3'])
  })

  it('says one number where two holes have become one', async () => {
    const words = ['drop-newest', 'drop-oldest', 'drop-oldest'] as const
    let next = 0
    const { say, recover } = await slow({ outbox: { frames: 2 }, slowConsumer: () => words[next++]! })
    // c is lost behind b; then a goes for d, and b for e: nothing is left between the holes.
    say('a', 'b', 'c', 'd', 'e')
    expect(recover()).toEqual(['gap orders 3 slow', 'd', 'e'])
  })

  it('does not count against the bounds, and is not counted as a drop', async () => {
    const { client, say, recover, hub } = await slow({ outbox: { frames: 1, bytes: 4 } })
    say('abc', 'd')
    expect(client.queued).toEqual({ frames: 1, bytes: 3 })
    expect(client.drops).toBe(1)
    recover()
    const { accepted, written, queued } = hub.stats().frames
    expect(accepted).toBe(written + queued + client.drops)
  })

  it('is forgotten once told: the next hole is counted from one', async () => {
    const { say, conn, recover } = await slow({ outbox: { frames: 1 } })
    say('a', 'b')
    conn.drain(1)
    say('c', 'd', 'e')
    expect(recover()).toEqual(['a', 'gap orders 1 slow', 'c', 'gap orders 2 slow'])
  })

  it('is not made for what was replaced by a newer value', async () => {
    const { hub, recover } = await slow({ outbox: { frames: 1 }, slowConsumer: 'conflate' })
    hub.broadcast('orders', 'v1', { key: 'k' })
    hub.broadcast('orders', 'v2', { key: 'k' })
    hub.broadcast('orders', 'w1', { key: 'other' })
    expect(recover()).toEqual(['v2', 'gap orders 1 slow'])
  })

  it('closes the client instead where its protocol wants that', async () => {
    const { client, conn, say } = await slow(
      { outbox: { frames: 1 } },
      { protocol: outspoken({ gap: 'close' }) },
    )
    say('a')
    expect(client.connected).toBe(true)
    say('b')
    expect(client.connected).toBe(false)
    expect(conn.closedWith).toEqual({ code: 4101, reason: 'gap' })
    expect(client.dropCounts).toMatchObject({ overflow: 1, closed: 1 })
  })

  it('closes the client, where its protocol wants that, for the oldest dropped too', async () => {
    const { client, say } = await slow(
      { outbox: { frames: 1 }, slowConsumer: 'drop-oldest' },
      { protocol: outspoken({ gap: 'close' }) },
    )
    say('a', 'b')
    expect(client.connected).toBe(false)
  })

  it('is a count alone where the protocol has no word for it', async () => {
    const { client, say, recover } = await slow(
      { outbox: { frames: 1 } },
      { protocol: outspoken({ gap: 'count' }) },
    )
    say('a', 'b')
    expect(recover()).toEqual(['a'])
    expect(client.drops).toBe(1)
  })

  it('comes from the bus too, at once and in order, without a number', async () => {
    const { hub, clock, connect } = await slow()
    const { client, conn } = connect({ protocol: outspoken() })
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'a')
    hub.gap('orders')
    hub.gap('nowhere')
    hub.broadcast('orders', 'b')
    clock.turn()
    expect(conn.received).toEqual(['ok orders', 'a', 'gap orders 0 bus', 'b'])
  })

  it('from the bus closes, or is left out, as each protocol wants', async () => {
    const { hub, clock, connect } = await slow()
    const strict = connect({ protocol: outspoken({ gap: 'close' }) })
    const silent = connect()
    for (const { client } of [strict, silent]) await hub.subscribe(client, 'orders')
    hub.gap('orders')
    clock.turn()
    expect(strict.conn.closedWith).toEqual({ code: 4101, reason: 'gap' })
    expect(silent.conn.received).toEqual([])
    expect([silent.client.connected, silent.client.drops]).toEqual([true, 0])
  })
})

describe('the control lane', () => {
  it('passes an outbox full of data, in order', async () => {
    const { hub, client, say, recover } = await slow({ outbox: { frames: 1 } })
    say('a', 'lost')
    await hub.subscribe(client, 'invoices')
    expect(client.drops).toBe(1)
    expect(recover()).toEqual(['a', 'gap orders 1 slow', 'ok invoices'])
  })

  it('takes no room from data', async () => {
    const { hub, client, say, recover } = await slow({ outbox: { frames: 2 } })
    for (const channel of ['a', 'b', 'c']) await hub.subscribe(client, channel)
    say('x', 'y')
    expect(client.drops).toBe(0)
    expect(recover()).toEqual(['ok a', 'ok b', 'ok c', 'x', 'y'])
  })

  it('holds 64 frames; one more closes the client as slow', async () => {
    const { client, conn, clock } = await slow()
    for (let n = 0; n < 64; n++) client.tell({ on: 'pong' })
    expect(client.connected).toBe(true)
    client.tell({ on: 'pong' })
    expect(client.connected).toBe(false)
    expect(client.dropCounts.overflow).toBe(1)
    // What fitted goes out with the last words.
    expect(conn.batches.at(-1)!.frames.map(({ data }) => data)).toEqual([
      ...Array.from({ length: 64 }, () => 'pong'),
      'bye slow',
    ])
    expect(conn.closedWith).toEqual({ code: 4101, reason: 'slow' })
    clock.advance(1_100)
    expect(conn.terminated).toBe(true)
  })

  it('holds 64 KiB; one byte more closes the client as slow', async () => {
    const answer = 'x'.repeat(32_768)
    const wordy = { ...outspoken(), unicast: () => [answer] }
    const { client } = await slow({}, { protocol: wordy })
    for (let n = 0; n < 2; n++) client.tell({ on: 'pong' })
    expect(client.connected).toBe(true)
    client.tell({ on: 'pong' })
    expect(client.connected).toBe(false)
  })

  it('begins anew when the client has caught up', async () => {
    const { client, conn } = await slow()
    for (let n = 0; n < 64; n++) client.tell({ on: 'pong' })
    conn.resume()
    conn.stall()
    client.send('T')
    for (let n = 0; n < 64; n++) client.tell({ on: 'pong' })
    expect(client.connected).toBe(true)
  })
})

describe('the presence lane', () => {
  /** A slow client in the room, which is full of what others do. */
  async function crowd(options: HubOptions, others: number) {
    const kit = await slow(options, { channels: [ROOM] })
    const join = async (id: string) => {
      const one = kit.connect({ auth: id })
      await kit.hub.subscribe(one.client, ROOM)
      return one
    }
    const members = []
    for (let n = 0; n < others; n++) members.push(await join(`m${String(n)}`))
    return { ...kit, join, members }
  }

  it('waits in order beside data while there is room', async () => {
    const { hub, recover, members, client } = await crowd({}, 2)
    hub.broadcast(ROOM, 'hello')
    members[0]!.client.close()
    expect(client.drops).toBe(0)
    expect(recover()).toEqual([`+m0 ${ROOM}`, `+m1 ${ROOM}`, 'hello', `-m0 ${ROOM}`])
  })

  it('is replaced by one fresh roster when it overflows, and nothing is lost silently', async () => {
    const { recover, members, client } = await crowd({ outbox: { frames: 3 } }, 5)
    members[1]!.client.close()
    expect(client.dropCounts).toEqual({ overflow: 0, conflated: 0, roster: 6, encode: 0, closed: 0 })
    expect(client.queued.frames).toBe(0)
    expect(recover()).toEqual([`[me,m0,m2,m3,m4] ${ROOM}`])
  })

  it('shows in the fresh roster who is there when the client can take it', async () => {
    const { recover, join, members } = await crowd({ outbox: { frames: 1 } }, 3)
    for (const { client } of members) client.close()
    await join('late')
    expect(recover()).toEqual([`[me,late] ${ROOM}`])
  })

  it('makes room for data before any data is dropped', async () => {
    const { hub, recover, client } = await crowd({ outbox: { frames: 3 } }, 2)
    for (const text of ['a', 'b', 'c']) hub.broadcast(ROOM, text)
    expect(client.dropCounts).toMatchObject({ roster: 2, overflow: 0 })
    expect(recover()).toEqual([`[me,m0,m1] ${ROOM}`, 'a', 'b', 'c'])
  })

  it('does not push out data that waits', async () => {
    const { hub, recover, client } = await slow({ outbox: { frames: 2 } }, { channels: [ROOM] }).then(
      async (kit) => {
        kit.say('a', 'b')
        const { client: other } = kit.connect({ auth: 'ben' })
        await kit.hub.subscribe(other, ROOM)
        return kit
      },
    )
    expect(client.dropCounts).toMatchObject({ roster: 1, overflow: 0 })
    expect(recover()).toEqual(['a', 'b', `[me,ben] ${ROOM}`])
    expect(hub.presence(ROOM)).toHaveLength(2)
  })

  it('owes one roster for each channel that overflowed', async () => {
    const { hub, recover, connect } = await slow(
      { outbox: { frames: 2 } },
      { channels: [ROOM, 'presence-other'] },
    )
    for (const id of ['ann', 'ben']) {
      const { client } = connect({ auth: id })
      await hub.subscribe(client, ROOM)
      await hub.subscribe(client, 'presence-other')
    }
    expect(recover()).toEqual([`[me,ann,ben] ${ROOM}`, '[me,ann,ben] presence-other'])
  })

  it('goes on with single changes when the roster has been told', async () => {
    const { hub, clock, recover, conn, join } = await crowd({ outbox: { frames: 1 } }, 3)
    recover()
    conn.take()
    const ben = await join('ben')
    hub.unsubscribe(ben.client, ROOM)
    clock.turn()
    expect(conn.received).toEqual([`+ben ${ROOM}`, `-ben ${ROOM}`])
  })

  it('owes no roster of a channel that the client has left meanwhile', async () => {
    const { hub, recover, client } = await crowd({ outbox: { frames: 1 } }, 3)
    hub.unsubscribe(client, ROOM)
    expect(recover()).toEqual([`left ${ROOM}`])
  })

  it('answers a client that joins while its transport is full, and gives it the roster when it can take it', async () => {
    const { hub, client, recover, connect } = await slow()
    const { client: ann } = connect({ auth: 'ann' })
    await hub.subscribe(ann, ROOM)
    await hub.subscribe(client, ROOM)
    const { client: ben } = connect({ auth: 'ben' })
    await hub.subscribe(ben, ROOM)
    hub.broadcast(ROOM, 'hello')
    expect(recover()).toEqual([`ok ${ROOM}`, `[ann,me,ben] ${ROOM}`, 'hello'])
  })

  it('gives the roster of its last stay to a client that left and came back while it was slow', async () => {
    const { hub, client, recover } = await crowd({ outbox: { frames: 1 } }, 3)
    hub.unsubscribe(client, ROOM)
    await hub.subscribe(client, ROOM)
    expect(recover()).toEqual([`left ${ROOM}`, `ok ${ROOM}`, `[m0,m1,m2,me] ${ROOM}`])
  })

  it('loses nothing silently even without a channel', async () => {
    const { client, say, hub } = await slow({ outbox: { frames: 1 } })
    say('a')
    client.tell({ on: 'pong' }, 'presence')
    expect(client.dropCounts.overflow).toBe(1)
    const { accepted, written, queued } = hub.stats().frames
    expect(accepted).toBe(written + queued + client.drops)
  })
})
