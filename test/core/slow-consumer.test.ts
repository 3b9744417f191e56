import { OptionError, type OutboxPressure, type OverflowAction } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { numbered, slowClient } from '../fakes/slow-client.ts'

describe('drop-newest', () => {
  it('is the default: what does not fit is dropped, and the connection survives', async () => {
    const { client, say, recover } = await slowClient({ outbox: { frames: 2 } })
    say('a', 'b', 'c', 'd')
    expect(client.dropCounts.overflow).toBe(2)
    expect(client.connected).toBe(true)
    expect(recover()).toEqual(['a', 'b'])
    say('e')
    expect(recover()).toEqual(['a', 'b', 'e'])
  })
})

describe('drop-oldest', () => {
  const options = { outbox: { frames: 3, bytes: 20 }, slowConsumer: 'drop-oldest' } as const

  it('lets the oldest make room for the newest', async () => {
    const { client, say, recover } = await slowClient(options)
    say(...numbered(7))
    expect(client.dropCounts.overflow).toBe(4)
    expect(recover()).toEqual(['x5', 'x6', 'x7'])
  })

  it('drops as many as the bytes of the new one need', async () => {
    const { client, say, recover } = await slowClient(options)
    // 1 in the transport + 18: the next needs room for 11 more.
    say('aaaaaa', 'bbbbbb', 'cccccc')
    say('ddddddddddd')
    expect(client.drops).toBe(2)
    expect(recover()).toEqual(['cccccc', 'ddddddddddd'])
  })

  it('gives up nothing for a frame that could never fit', async () => {
    const { client, say, recover } = await slowClient(options)
    say('a', 'b', 'x'.repeat(20))
    expect(client.drops).toBe(1)
    expect(recover()).toEqual(['a', 'b'])
  })

  it('drops data alone: answers stay where they are', async () => {
    const { hub, clock, client, say, recover } = await slowClient(options, {
      protocol: outspoken({ gap: 'count' }),
    })
    say('a')
    await hub.subscribe(client, 'invoices')
    say('b', 'c', 'd', 'e', 'f')
    clock.turn()
    expect(recover()).toEqual(['ok invoices', 'd', 'e', 'f'])
  })

  it('takes the oldest whatever channel it belongs to', async () => {
    const { hub, client, say, recover } = await slowClient(options, { channels: ['invoices'] })
    hub.broadcast('invoices', 'i1')
    client.send('direct')
    say('a', 'b')
    expect(recover()).toEqual(['direct', 'a', 'b'])
  })

  it('goes on for ever in bounded memory', async () => {
    const { client, say, recover } = await slowClient(options)
    for (let n = 0; n < 500; n++) say(`n${String(n)}`)
    expect(client.drops).toBe(497)
    expect(recover()).toEqual(['n497', 'n498', 'n499'])
  })
})

describe('disconnect', () => {
  it('closes the client as slow at the first frame that does not fit', async () => {
    const { hub, clock, client, conn, say } = await slowClient({
      outbox: { frames: 2 },
      slowConsumer: 'disconnect',
    })
    const gone: unknown[] = []
    hub.on('disconnect', ({ why, code }) => gone.push([why, code]))
    say('a', 'b')
    expect(client.connected).toBe(true)
    say('c')
    expect(client.connected).toBe(false)
    expect(gone).toEqual([['slow', 4101]])
    expect(conn.closedWith).toEqual({ code: 4101, reason: 'slow' })
    expect(client.dropCounts).toMatchObject({ overflow: 1, closed: 2 })
    clock.advance(1_100)
    expect(conn.terminated).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('hurts nobody but the slow one', async () => {
    const { hub, connect, say } = await slowClient({ outbox: { frames: 1 }, slowConsumer: 'disconnect' })
    const others = [connect(), connect()]
    for (const { client } of others) await hub.subscribe(client, 'orders')
    say('a', 'b', 'c')
    expect(others.map(({ conn }) => conn.received)).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
  })
})

describe('conflate', () => {
  const options = { outbox: { frames: 3 }, slowConsumer: 'conflate' } as const

  it('replaces the waiting value of the key by the newest, in its place', async () => {
    const { hub, client, recover } = await slowClient(options)
    hub.broadcast('orders', 'eur 1', { key: 'eur' })
    hub.broadcast('orders', 'usd 1', { key: 'usd' })
    hub.broadcast('orders', 'gbp 1', { key: 'gbp' })
    hub.broadcast('orders', 'eur 2', { key: 'eur' })
    hub.broadcast('orders', 'eur 3', { key: 'eur' })
    expect(client.dropCounts).toMatchObject({ conflated: 2, overflow: 0 })
    expect(recover()).toEqual(['eur 3', 'usd 1', 'gbp 1'])
  })

  it('gives up older values of other keys when that makes room', async () => {
    const { hub, client, recover } = await slowClient(options)
    hub.broadcast('orders', 'eur 1', { key: 'eur' })
    hub.broadcast('orders', 'usd 1', { key: 'usd' })
    hub.broadcast('orders', 'eur 2', { key: 'eur' })
    hub.broadcast('orders', 'gbp 1', { key: 'gbp' })
    expect(client.dropCounts).toMatchObject({ conflated: 1, overflow: 0 })
    expect(recover()).toEqual(['eur 2', 'usd 1', 'gbp 1'])
  })

  it('goes on replacing what it has moved', async () => {
    const { hub, client, recover } = await slowClient(options)
    for (const value of ['eur 1', 'usd 1', 'eur 2', 'gbp 1', 'eur 3']) {
      hub.broadcast('orders', value, { key: value.slice(0, 3) })
    }
    expect(client.dropCounts).toMatchObject({ conflated: 2, overflow: 0 })
    expect(recover()).toEqual(['eur 3', 'usd 1', 'gbp 1'])
  })

  it('drops a new key when every waiting one is the only one of its own', async () => {
    const { hub, client, recover } = await slowClient(options)
    for (const key of ['eur', 'usd', 'gbp', 'chf']) hub.broadcast('orders', key, { key })
    expect(client.dropCounts).toMatchObject({ conflated: 0, overflow: 1 })
    expect(recover()).toEqual(['eur', 'usd', 'gbp'])
  })

  it('drops a message without a key like drop-newest', async () => {
    const { say, client, recover } = await slowClient(options)
    say('a', 'b', 'c', 'd')
    expect(client.dropCounts).toMatchObject({ conflated: 0, overflow: 1 })
    expect(recover()).toEqual(['a', 'b', 'c'])
  })

  it('keeps the keys of different channels, and of direct messages, apart', async () => {
    const { hub, client, recover } = await slowClient(options, { channels: ['invoices'] })
    hub.broadcast('orders', 'order 1', { key: 'k' })
    hub.broadcast('invoices', 'invoice 1', { key: 'k' })
    client.send('direct 1', { key: 'k' })
    hub.broadcast('invoices', 'invoice 2', { key: 'k' })
    client.send('direct 2', { key: 'k' })
    expect(client.dropCounts.conflated).toBe(2)
    expect(recover()).toEqual(['order 1', 'invoice 2', 'direct 2'])
  })

  it('minds the bytes of the newer value', async () => {
    const { hub, client, recover } = await slowClient({ ...options, outbox: { frames: 1, bytes: 10 } })
    hub.broadcast('orders', 'aaaa', { key: 'k' })
    hub.broadcast('orders', 'x'.repeat(10), { key: 'k' })
    expect(client.dropCounts).toMatchObject({ conflated: 0, overflow: 1 })
    hub.broadcast('orders', 'x'.repeat(9), { key: 'k' })
    expect(client.queued).toEqual({ frames: 1, bytes: 9 })
    expect(recover()).toEqual(['x'.repeat(9)])
  })

  it('starts afresh when the client has caught up', async () => {
    const { hub, clock, client, conn } = await slowClient({ ...options, outbox: { frames: 1 } })
    hub.broadcast('orders', 'v1', { key: 'k' })
    conn.drain(1)
    hub.broadcast('orders', 'v2', { key: 'k' })
    clock.turn()
    conn.resume()
    expect(conn.received).toEqual(['T', 'v1', 'v2'])
    expect(client.drops).toBe(0)
  })

  it('does nothing while there is room', async () => {
    const { hub, client, recover } = await slowClient(options)
    hub.broadcast('orders', 'v1', { key: 'k' })
    hub.broadcast('orders', 'v2', { key: 'k' })
    expect(client.drops).toBe(0)
    expect(recover()).toEqual(['v1', 'v2'])
  })
})

describe('a function', () => {
  it('is shown what matters, and its word is done', async () => {
    const shown: OutboxPressure[] = []
    const { client, say, recover } = await slowClient({
      outbox: { frames: 2, bytes: 100 },
      slowConsumer: (pressure) => {
        shown.push(pressure)
        return 'drop-oldest'
      },
    })
    say('a', 'bb')
    expect(shown).toEqual([])
    say('ccc', 'd')
    expect(shown).toEqual([
      {
        client: client.id,
        channel: 'orders',
        incoming: expect.objectContaining({ data: 'ccc', bytes: 3, lane: 'data' }),
        frames: 2,
        bytes: 4,
        limits: { frames: 2, bytes: 100 },
        dropped: 0,
      },
      expect.objectContaining({ frames: 2, bytes: 6, dropped: 1 }),
    ])
    expect(recover()).toEqual(['ccc', 'd'])
  })

  it('may tell a direct message by its missing channel, and disconnect after too many losses', async () => {
    const { client, say } = await slowClient({
      outbox: { frames: 1 },
      slowConsumer: ({ channel, dropped }) =>
        channel === undefined || dropped >= 2 ? 'disconnect' : 'drop-newest',
    })
    say('a', 'b', 'c')
    expect([client.connected, client.drops]).toEqual([true, 2])
    say('d')
    expect(client.connected).toBe(false)
  })

  it.each<[string, () => OverflowAction, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('policy broken')
      },
      /policy broken/,
    ],
    ['returns no action', () => 'drop' as never, /returned drop, which is no action/],
    ['returns nothing', () => undefined as never, /returned undefined/],
    ['returns what objects inherit', () => 'toString' as never, /returned toString/],
  ])('that %s counts as drop-newest, and is reported', async (_what, slowConsumer, message) => {
    const { hub, client, say, recover } = await slowClient({ outbox: { frames: 1 }, slowConsumer })
    const errors: unknown[] = []
    hub.on('error', (event) => errors.push(event))
    say('a', 'b')
    expect(errors).toEqual([
      {
        error: expect.objectContaining({ message: expect.stringMatching(message) }),
        where: 'policy',
        client,
      },
    ])
    expect(client.dropCounts.overflow).toBe(1)
    expect(recover()).toEqual(['a'])
  })
})

describe('a policy per channel', () => {
  it('is chosen by the first pattern that matches, else the default', async () => {
    const { hub, client, recover } = await slowClient(
      {
        outbox: { frames: 3 },
        slowConsumer: {
          default: 'drop-newest',
          channels: { 'prices.*': 'conflate', 'prices.eur': 'disconnect', 'log-*-x': 'drop-oldest' },
        },
      },
      { channels: ['prices.eur', 'log-a-x', 'log-a-xy', 'prices'] },
    )
    for (const text of ['1', '2', '3']) hub.broadcast('log-a-x', text)
    hub.broadcast('log-a-xy', 'not matched to its end: dropped')
    hub.broadcast('prices', 'not matched either: dropped')
    client.send('direct: dropped')
    hub.broadcast('log-a-x', '4')
    hub.broadcast('prices.eur', 'no key: dropped, not disconnected')
    expect(client.connected).toBe(true)
    expect(client.drops).toBe(5)
    expect(recover()).toEqual(['2', '3', '4'])
  })

  it('takes every character of a pattern but the star as it is', async () => {
    const { hub, client } = await slowClient(
      { outbox: { frames: 1 }, slowConsumer: { channels: { 'a.b': 'disconnect' } } },
      { channels: ['a-b', 'a.b'] },
    )
    hub.broadcast('a-b', '1')
    hub.broadcast('a-b', '2')
    expect(client.connected).toBe(true)
    hub.broadcast('a.b', '3')
    expect(client.connected).toBe(false)
  })

  it('may be a function', async () => {
    const { hub, client } = await slowClient(
      { outbox: { frames: 1 }, slowConsumer: { channels: { 'x*': () => 'disconnect' } } },
      { channels: ['xyz'] },
    )
    hub.broadcast('xyz', '1')
    hub.broadcast('xyz', '2')
    expect(client.connected).toBe(false)
  })

  it.each<[unknown, string]>([
    ['drop', 'slowConsumer'],
    [7, 'slowConsumer'],
    [{}, 'slowConsumer.channels'],
    [{ channels: 'orders' }, 'slowConsumer.channels'],
    [{ default: 'drop', channels: {} }, 'slowConsumer'],
    [{ channels: { 'a*': 'never' } }, "slowConsumer.channels['a*']"],
    [{ chanels: {} }, 'slowConsumer.channels'],
  ])('is checked: %j', (slowConsumer, option) => {
    const make = (): unknown => testHub({ slowConsumer: slowConsumer as never })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(expect.objectContaining({ option }))
  })
})
