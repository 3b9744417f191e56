import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { slowClient } from '../fakes/slow-client.ts'

describe('a turn', () => {
  it('collects everything that a client is owed into one write at its end', async () => {
    const { hub, clock, connect } = testHub({ authorizer: () => true })
    const { client, conn } = connect({ protocol: outspoken() })
    const joining = hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'a')
    client.send('b')
    await hub.publish({ channel: 'orders', event: 'e', data: '3' })
    await joining
    hub.unsubscribe(client, 'orders')
    expect(conn.batches).toHaveLength(0)
    clock.turn()
    expect(conn.batches).toHaveLength(1)
    expect(conn.received).toEqual(['ok orders', 'a', 'b', '3', 'left orders'])
    expect(conn.batches[0]!.bytes).toBe('ok ordersab3left orders'.length)
  })

  it('writes nothing to whom nothing is owed', async () => {
    const { hub, clock, connect } = testHub()
    const { conn } = connect()
    hub.broadcast('orders', 'x')
    clock.turn()
    expect(conn.batches).toEqual([])
  })

  it('is asked for once, however much is owed to however many', async () => {
    const { hub, clock, connect } = testHub()
    let asked = 0
    const { turn } = clock
    clock.turn = (callback) => {
      if (callback) asked++
      turn.call(clock, callback)
    }
    for (let n = 0; n < 5; n++) await hub.subscribe(connect().client, 'orders')
    for (let n = 0; n < 5; n++) hub.broadcast('orders', 'x')
    expect(asked).toBe(1)
    clock.turn()
    hub.broadcast('orders', 'y')
    expect(asked).toBe(2)
  })

  it('keeps the order of the calls for each client', async () => {
    const { hub, clock, connect } = testHub()
    const [ann, ben] = [connect(), connect()]
    await hub.subscribe(ann.client, 'a')
    for (const channel of ['a', 'b']) await hub.subscribe(ben.client, channel)
    hub.broadcast('b', '1')
    hub.broadcast('a', '2')
    hub.sendTo(ben.client.id, '3')
    hub.broadcast('a', '4', { except: ann.client.id })
    hub.broadcast('b', '5')
    clock.turn()
    expect(ann.conn.received).toEqual(['2'])
    expect(ben.conn.received).toEqual(['1', '2', '3', '4', '5'])
  })
})

describe('a batch', () => {
  it('is shared by all who are owed the same, and knows how many they are', async () => {
    const { hub, clock, connect } = testHub()
    const five = Array.from({ length: 5 }, () => connect())
    for (const { client } of five) await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'a')
    hub.broadcast('orders', 'b')
    five[4]!.client.send('for you')
    clock.turn()
    const batches = five.map(({ conn }) => conn.batches[0]!)
    expect(new Set(batches.slice(0, 4)).size).toBe(1)
    expect(batches[0]).toMatchObject({ readers: 4, bytes: 2 })
    expect(batches[4]).toMatchObject({ readers: 1, bytes: 9 })
    expect(batches[4]).not.toBe(batches[0])
    expect(batches[4]!.frames[0]).toBe(batches[0]!.frames[0])
  })

  it('is shared again by those whose lists have become the same in the next turn', async () => {
    const { hub, clock, connect } = testHub()
    const [ann, ben] = [connect(), connect()]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'orders')
    ann.client.send('alone')
    hub.broadcast('orders', 'a')
    clock.turn()
    expect(ann.conn.batches[0]).not.toBe(ben.conn.batches[0])
    hub.broadcast('orders', 'b')
    clock.turn()
    expect(ann.conn.batches[1]).toBe(ben.conn.batches[1])
  })

  it('differs where the lists differ, whatever they have in common', async () => {
    const { hub, clock, connect } = testHub()
    const [ann, ben, cat] = [connect(), connect(), connect()]
    for (const { client } of [ann, ben, cat]) await hub.subscribe(client, 'orders')
    hub.broadcast('orders', '1')
    hub.broadcast('orders', '2', { except: ben.client.id })
    hub.broadcast('orders', '3')
    hub.broadcast('orders', '4', { except: cat.client.id })
    clock.turn()
    expect([ann, ben, cat].map(({ conn }) => conn.received)).toEqual([
      ['1', '2', '3', '4'],
      ['1', '3', '4'],
      ['1', '2', '3'],
    ])
  })

  it('counts a client once that was owed so much that a part went out early', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'x'.repeat(300_000))
    hub.broadcast('orders', 'a')
    clock.turn()
    expect(conn.batches.map(({ readers, bytes }) => [readers, bytes])).toEqual([
      [1, 300_000],
      [1, 1],
    ])
  })
})

describe('more than 256 KiB', () => {
  it('goes out at once, in order, and the rest at the end of the turn', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    const kib = (count: number, letter: string): string => letter.repeat(count * 1_024)
    hub.broadcast('orders', kib(200, 'a'))
    hub.broadcast('orders', kib(56, 'b'))
    expect(conn.received).toEqual([])
    hub.broadcast('orders', 'c')
    expect(conn.received).toHaveLength(3)
    hub.broadcast('orders', 'd')
    expect(conn.received).toHaveLength(3)
    clock.turn()
    expect(conn.received).toEqual([kib(200, 'a'), kib(56, 'b'), 'c', 'd'])
    expect(conn.batches).toHaveLength(2)
  })

  it('fills a slow transport without waiting for the end of the turn', async () => {
    const { hub, client, conn } = await slowClient()
    conn.resume()
    conn.stall()
    hub.broadcast('orders', 'x'.repeat(262_145))
    hub.broadcast('orders', 'y')
    expect(conn.bufferedBytes).toBe(262_145)
    expect(client.queued.frames).toBe(1)
    conn.resume()
    expect(conn.received.at(-1)).toBe('y')
  })
})

describe('what happens during a delivery', () => {
  it('comes after it: a listener that broadcasts is heard after what it listened to', async () => {
    const { hub, clock, connect } = testHub({ authorizer: () => true })
    hub.on('presence', ({ channel, member }) => hub.broadcast(channel, `welcome ${String(member.id)}`))
    const [ann, ben] = [connect({ protocol: outspoken() }), connect({ protocol: outspoken() })]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'presence-room')
    clock.turn()
    expect(ann.conn.received).toEqual([
      'ok presence-room []',
      '+1.1 presence-room',
      'welcome 1.1',
      '+1.2 presence-room',
      'welcome 1.2',
    ])
  })

  it('does not reach into it: a policy function that unsubscribes and broadcasts changes nothing midway', async () => {
    let act = (): void => {}
    const { hub, clock, client, connect, say } = await slowClient({
      outbox: { frames: 1 },
      slowConsumer: () => {
        act()
        return 'drop-newest'
      },
    })
    const later = connect()
    await hub.subscribe(later.client, 'orders')
    act = () => {
      act = () => {}
      hub.unsubscribe(later.client, 'orders')
      hub.broadcast('orders', 'from inside')
      client.close()
    }
    say('a', 'overflows')
    // The message under way still reached everybody; what was asked for inside came after it, in its order.
    expect(later.conn.received).toEqual(['a', 'overflows'])
    clock.turn()
    expect(hub.channels()).toEqual([])
    expect(client.drops).toBe(3)
  })

  it('does not write to a client that was closed just before it', async () => {
    let act = (): void => {}
    const { hub, clock, connect, say } = await slowClient({
      outbox: { frames: 1 },
      slowConsumer: () => {
        act()
        return 'drop-newest'
      },
    })
    const other = connect()
    act = () => {
      act = () => {}
      other.client.close()
      hub.sendToMany([other.client], 'too late')
      other.client.send('too late')
    }
    say('a', 'overflows')
    clock.turn()
    expect(other.conn.batches).toEqual([])
    expect(other.client.dropCounts.closed).toBe(2)
  })

  it('is done in the order of asking: who leaves and comes back from inside is in at the end', async () => {
    let act = (): void => {}
    const { hub, clock, connect, say } = await slowClient({
      outbox: { frames: 1 },
      slowConsumer: () => {
        act()
        return 'drop-newest'
      },
    })
    const other = connect({ protocol: outspoken() })
    await hub.subscribe(other.client, 'orders')
    act = () => {
      act = () => {}
      hub.unsubscribe(other.client, 'orders')
      void hub.subscribe(other.client, 'orders')
    }
    say('a', 'overflows')
    expect(other.client.channels).toEqual(['orders'])
    clock.turn()
    expect(other.conn.received).toEqual(['ok orders', 'a', 'overflows', 'left orders', 'ok orders'])
  })

  it('does not disturb the others when a connection breaks in the middle of a write', async () => {
    const { hub, clock, connect } = testHub({ authorizer: () => true })
    const three = [connect(), connect(), connect()]
    for (const { client } of three) await hub.subscribe(client, 'presence-room')
    clock.turn()
    for (const { conn } of three) conn.take()
    three[0]!.conn.failNextWrite()
    hub.broadcast('presence-room', 'x')
    clock.turn()
    const leave = { event: 'presence:member_removed', channel: 'presence-room', member: { id: '1.1' } }
    expect(three.map(({ conn }) => conn.messages)).toEqual([[], ['x'], ['x']])
    clock.turn()
    expect(three.map(({ conn }) => conn.messages)).toEqual([[], ['x', leave], ['x', leave]])
  })

  it('may be a message that comes in while one goes out', async () => {
    const { hub, clock, connect } = testHub()
    const [ann, ben] = [connect(), connect()]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'orders')
    void ann.client.serve((_client, data) => hub.broadcast('orders', `echo ${String(data)}`))
    const { write } = ann.conn
    ann.conn.write = (batch) => {
      ann.conn.write = write
      ann.conn.says('hi')
      return write.call(ann.conn, batch)
    }
    hub.broadcast('orders', 'x')
    clock.turn()
    clock.turn()
    expect(ben.conn.received).toEqual(['x', 'echo hi'])
    expect(ann.conn.received).toEqual(['x', 'echo hi'])
  })
})
