import { OptionError } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { numbered, slowClient } from '../fakes/slow-client.ts'

describe('the outbox of a client', () => {
  it('is not used while the transport has room', async () => {
    const { hub, clock, connect } = testHub({ outbox: { frames: 1, bytes: 1 } })
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    for (const text of numbered(100)) hub.broadcast('orders', text)
    clock.turn()
    expect(conn.received).toEqual(numbered(100))
    expect([client.queued, client.drops]).toEqual([{ frames: 0, bytes: 0 }, 0])
  })

  it('takes what follows once the transport said that it is full, and goes out first, as one batch', async () => {
    const { client, conn, say, recover, hub } = await slowClient()
    say('a', 'b')
    say('c')
    expect(client.queued).toEqual({ frames: 3, bytes: 3 })
    const before = conn.batches.length
    expect(recover()).toEqual(['a', 'b', 'c'])
    expect(conn.batches.length).toBe(before + 1)
    expect(client.queued).toEqual({ frames: 0, bytes: 0 })
    hub.broadcast('orders', 'd')
    expect(recover()).toEqual(['a', 'b', 'c', 'd'])
    expect(client.drops).toBe(0)
  })

  it('keeps the order between what it held and what came after', async () => {
    const { hub, clock, conn, say } = await slowClient()
    say('a')
    conn.resume()
    hub.broadcast('orders', 'b')
    clock.turn()
    expect(conn.received).toEqual(['T', 'a', 'b'])
  })

  it('is in use again when the transport takes no more than what waited', async () => {
    const { client, conn, say } = await slowClient()
    say('a', 'b')
    conn.drain(1)
    expect(conn.received).toEqual(['T'])
    expect(client.queued.frames).toBe(0)
    say('c')
    expect(client.queued.frames).toBe(1)
    conn.drain(1)
    conn.drain(1)
    conn.drain(1)
    expect(conn.received).toEqual(['T', 'a', 'b', 'c'])
  })

  it('belongs to one client: nobody else waits for a slow one', async () => {
    const { hub, clock, connect, say } = await slowClient({ outbox: { frames: 1 } })
    const quick = connect()
    await hub.subscribe(quick.client, 'orders')
    say('a', 'b', 'c')
    clock.turn()
    expect(quick.conn.received).toEqual(['a', 'b', 'c'])
    expect(quick.client.drops).toBe(0)
  })

  it('forgets what waited when the client goes, and counts it', async () => {
    const { client, conn, say, hub } = await slowClient()
    say('a', 'b')
    conn.peerCloses()
    expect(client.dropCounts).toEqual({ overflow: 0, conflated: 0, roster: 0, encode: 0, closed: 2 })
    expect(hub.stats().frames).toMatchObject({ queued: 0, queuedBytes: 0 })
    expect(client.queued).toEqual({ frames: 0, bytes: 0 })
  })
})

describe('what is owed this turn', () => {
  it('is counted as lost, too, when the connection ends before the turn does', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'a')
    client.send('b')
    conn.peerCloses()
    clock.turn()
    expect(conn.received).toEqual([])
    expect(client.dropCounts.closed).toBe(2)
    expect(hub.stats().frames).toMatchObject({ accepted: 2, written: 0 })
  })
})

describe('the bound in frames', () => {
  it('is 64', async () => {
    const { client, say, recover } = await slowClient()
    say(...numbered(64))
    expect(client.drops).toBe(0)
    say('one more')
    expect([client.drops, client.dropCounts.overflow]).toEqual([1, 1])
    expect(recover()).toEqual(numbered(64))
  })

  it('is what the option says', async () => {
    const { client, say, recover } = await slowClient({ outbox: { frames: 2 } })
    say('a', 'b', 'c')
    expect(client.drops).toBe(1)
    expect(recover()).toEqual(['a', 'b'])
  })

  it('does not count what the transport holds', async () => {
    const { conn, client, say, recover } = await slowClient({ outbox: { frames: 2 } })
    say('a', 'b')
    conn.drain(1)
    say('c', 'd')
    expect(client.drops).toBe(0)
    expect(recover()).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('the bound in bytes', () => {
  it('is 1 MiB, counting what the transport holds', async () => {
    const { client, say, recover } = await slowClient()
    // The transport holds one byte.
    const half = 'h'.repeat(524_288)
    say(half, half)
    expect(client.drops).toBe(1)
    say('r'.repeat(524_287))
    expect([client.drops, client.queued.bytes]).toEqual([1, 1_048_575])
    say('x')
    expect(client.drops).toBe(2)
    expect(recover().map((text) => text.length)).toEqual([524_288, 524_287])
  })

  it('counts bytes of UTF-8, not characters, and bytes as they are', async () => {
    const { hub, clock, client, say, recover } = await slowClient({ outbox: { bytes: 11 } })
    // 1 in the transport; 2 + 4 + 3 + 1 = 10 here.
    say('\u00fc', '\u{1f600}', '\u20ac')
    hub.broadcast('orders', new Uint8Array(1))
    clock.turn()
    expect([client.queued.bytes, client.drops]).toEqual([10, 0])
    say('x')
    expect(client.drops).toBe(1)
    expect(recover()).toHaveLength(4)
  })

  it('is checked frame by frame: a smaller one may still fit', async () => {
    const { client, say, recover } = await slowClient({ outbox: { bytes: 6 } })
    say('aaa', 'bbb', 'cc')
    expect(client.dropCounts.overflow).toBe(1)
    expect(recover()).toEqual(['aaa', 'cc'])
  })

  it('follows the transport as it drains', async () => {
    const { conn, client, say } = await slowClient({ outbox: { bytes: 10 } })
    say('12345', '6789')
    expect(client.drops).toBe(0)
    conn.drain(1)
    // Both are in the transport now: 9 bytes.
    say('ab')
    expect(client.drops).toBe(1)
    conn.drain(1)
    say('abcdef', 'x')
    expect([client.drops, client.queued.bytes]).toEqual([2, 6])
  })

  it('refuses a frame that is bigger than the whole bound, and nothing else', async () => {
    const { client, say, recover } = await slowClient({ outbox: { bytes: 10 } })
    say('far too much', 'a')
    expect(client.drops).toBe(1)
    expect(recover()).toEqual(['a'])
  })
})

describe('the counts', () => {
  it('are exact per client and per reason, and each drop is an event', async () => {
    const { hub, clock, client, say, connect } = await slowClient(
      { outbox: { frames: 2 }, slowConsumer: 'drop-newest' },
      { protocol: outspoken() },
    )
    const events: string[] = []
    hub.on('drop', (event) => events.push(`${event.client.id} ${event.channel ?? 'direct'} ${event.reason}`))
    const other = connect()
    await hub.subscribe(other.client, 'orders')

    say('a', 'b', 'lost')
    client.send('lost too')
    hub.broadcast('orders', new Uint8Array(1))
    client.send(new Uint8Array(1))
    clock.turn()
    expect(client.dropCounts).toEqual({ overflow: 2, conflated: 0, roster: 0, encode: 2, closed: 0 })
    client.close()
    const counts = { overflow: 2, conflated: 0, roster: 0, encode: 2, closed: 2 }
    expect(client.dropCounts).toEqual(counts)
    expect(client.drops).toBe(6)
    expect(hub.stats().dropped).toEqual(counts)
    expect(other.client.drops).toBe(0)
    expect(events).toEqual([
      '1.1 orders overflow',
      '1.1 direct overflow',
      '1.1 orders encode',
      '1.1 direct encode',
      '1.1 orders closed',
      '1.1 orders closed',
    ])
  })

  it('are zero, not absent, for a client that lost nothing', () => {
    const { client } = testHub().connect()
    expect(client.drops).toBe(0)
    expect(client.dropCounts).toEqual({ overflow: 0, conflated: 0, roster: 0, encode: 0, closed: 0 })
  })

  it('leave out whom a message that cannot be carried was not for', async () => {
    const { hub, connect } = testHub()
    const protocol = outspoken()
    const three = [connect({ protocol }), connect({ protocol }), connect({ protocol })]
    for (const { client } of three) await hub.subscribe(client, 'orders')
    const [ann, ben, cat] = three.map(({ client }) => client.id)
    hub.broadcast('orders', new Uint8Array(1), { except: ann })
    hub.broadcast('orders', new Uint8Array(1), { except: [ann!, ben!] })
    expect(three.map(({ client }) => client.drops)).toEqual([0, 1, 2])
    expect(cat).toBeDefined()
    expect(hub.stats().frames.accepted).toBe(3 + 3)
  })
})

describe('the options', () => {
  it.each([
    [{ frames: 0 }, 'outbox.frames'],
    [{ frames: 1.5 }, 'outbox.frames'],
    [{ bytes: -1 }, 'outbox.bytes'],
    [{ bytes: Number.NaN }, 'outbox.bytes'],
    [{ bytes: '1' as never }, 'outbox.bytes'],
    [{ frame: 3 } as never, 'outbox'],
  ])('are checked: %j', (outbox, option) => {
    expect(() => testHub({ outbox })).toThrow(OptionError)
    expect(() => testHub({ outbox })).toThrow(expect.objectContaining({ option, code: 'bad-option' }))
  })
})
