import { CancelledError, LimitError } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

describe('a channel', () => {
  it('comes to be with its first subscriber and is gone with its last', async () => {
    const { hub, connect } = testHub()
    const [ann, ben] = [connect(), connect()]
    expect(hub.channels()).toEqual([])

    await hub.subscribe(ann.client, 'orders')
    await hub.subscribe(ben.client, 'orders')
    expect(hub.channels()).toEqual(['orders'])
    expect(hub.channelCount('orders')).toBe(2)

    hub.unsubscribe(ann.client, 'orders')
    expect(hub.channelCount('orders')).toBe(1)
    hub.unsubscribe(ben.client, 'orders')
    expect(hub.channels()).toEqual([])
    expect(hub.channelCount('orders')).toBe(0)
  })

  it('tells when it becomes occupied and when it becomes vacant, once each', async () => {
    const { hub, connect } = testHub()
    const told: string[] = []
    hub.on('occupied', ({ channel }) => told.push(`occupied ${channel}`))
    hub.on('vacated', ({ channel }) => told.push(`vacated ${channel}`))
    const [ann, ben] = [connect(), connect()]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'orders')
    expect(told).toEqual(['occupied orders'])
    for (const { client } of [ann, ben]) hub.unsubscribe(client, 'orders')
    expect(told).toEqual(['occupied orders', 'vacated orders'])
    await hub.subscribe(ben.client, 'orders')
    expect(told).toEqual(['occupied orders', 'vacated orders', 'occupied orders'])
  })

  it('is joined before a subscribe to a public one returns', () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect()
    void hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'at once')
    clock.turn()
    expect(conn.received).toEqual(['at once'])
  })

  it('is joined once however often one subscribes', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect()
    await Promise.all([hub.subscribe(client, 'orders'), hub.subscribe(client, 'orders')])
    await hub.subscribe(client, 'orders')
    expect(hub.channelCount('orders')).toBe(1)
    hub.broadcast('orders', 'once')
    clock.turn()
    expect(conn.received).toEqual(['once'])
    hub.unsubscribe(client, 'orders')
    expect(hub.channels()).toEqual([])
  })

  it('may be left twice, or without having been joined', async () => {
    const { hub, connect } = testHub()
    const [ann, ben] = [connect(), connect()]
    await hub.subscribe(ben.client, 'orders')
    hub.unsubscribe(ann.client, 'orders')
    hub.unsubscribe(ann.client, 'nowhere')
    hub.unsubscribe(ben.client, 'orders')
    hub.unsubscribe(ben.client, 'orders')
    expect(hub.channels()).toEqual([])
  })

  it('sends nothing to those who are not yet, or no longer, in it', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect()
    hub.broadcast('orders', 'too early')
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'in time')
    hub.unsubscribe(client, 'orders')
    hub.broadcast('orders', 'too late')
    clock.turn()
    expect(conn.received).toEqual(['in time'])
  })

  it('keeps everybody else when one in the middle leaves', async () => {
    const { hub, clock, connect } = testHub()
    const five = Array.from({ length: 5 }, () => connect())
    for (const { client } of five) await hub.subscribe(client, 'orders')
    for (const gone of [1, 4, 0]) {
      hub.unsubscribe(five[gone]!.client, 'orders')
      hub.broadcast('orders', `without ${String(gone)}`)
    }
    clock.turn()
    expect(five.map(({ conn }) => conn.received.length)).toEqual([2, 0, 3, 3, 1])
    expect(hub.channelCount('orders')).toBe(2)
  })

  it('loses its subscriber when the client closes, by whichever side', async () => {
    const { hub, connect } = testHub()
    const [ann, ben] = [connect(), connect()]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'orders')
    ann.conn.peerCloses()
    expect(hub.clients('orders')).toEqual([ben.client])
    ben.client.close()
    expect(hub.channels()).toEqual([])
  })
})

describe('a client', () => {
  it('holds 128 channels at most, and may hold another when it left one', async () => {
    const { hub, connect } = testHub()
    const { client } = connect()
    for (let n = 0; n < 128; n++) await hub.subscribe(client, `channel-${String(n)}`)
    const oneMore = hub.subscribe(client, 'one-more')
    await expect(oneMore).rejects.toThrow(LimitError)
    await expect(oneMore).rejects.toMatchObject({ code: 'limit', limit: 'maxChannelsPerClient' })
    expect(hub.channelCount('one-more')).toBe(0)

    await hub.subscribe(client, 'channel-5')
    hub.unsubscribe(client, 'channel-5')
    await hub.subscribe(client, 'one-more')
    expect(client.channels).toHaveLength(128)
  })

  it('holds as many channels as the option says', async () => {
    const { hub, connect } = testHub({ maxChannelsPerClient: 1 })
    const { client } = connect()
    await hub.subscribe(client, 'first')
    await expect(hub.subscribe(client, 'second')).rejects.toThrow(LimitError)
  })

  it('knows its channels', async () => {
    const { hub, connect } = testHub()
    const { client } = connect()
    await hub.subscribe(client, 'a')
    await hub.subscribe(client, 'b')
    hub.unsubscribe(client, 'a')
    expect(client.channels).toEqual(['b'])
    expect([client.subscribedTo('a'), client.subscribedTo('b')]).toEqual([false, true])
  })

  it('cannot be subscribed once it is gone, nor on a hub that is not its own', async () => {
    const { hub, connect } = testHub()
    const { client } = connect()
    const other = testHub().hub
    await expect(other.subscribe(client, 'orders')).rejects.toThrow(CancelledError)
    client.close()
    await expect(hub.subscribe(client, 'orders')).rejects.toMatchObject({ code: 'cancelled' })
    expect(hub.channels()).toEqual([])
  })

  it('is left alone by an unsubscribe on another hub, even under the same id', async () => {
    const one = testHub()
    const two = testHub()
    const here = one.connect()
    const there = two.connect()
    expect(here.client.id).toBe(there.client.id)
    await one.hub.subscribe(here.client, 'orders')
    one.hub.unsubscribe(there.client, 'orders')
    expect(one.hub.channelCount('orders')).toBe(1)
  })
})

describe('what a hub tells about itself', () => {
  it('counts clients and finds them by id and by channel', async () => {
    const { hub, connect } = testHub()
    const [ann, ben] = [connect(), connect()]
    await hub.subscribe(ann.client, 'orders')
    expect(hub.count()).toBe(2)
    expect(hub.client(ann.client.id)).toBe(ann.client)
    expect(hub.client('nobody')).toBeUndefined()
    expect(hub.clients()).toEqual([ann.client, ben.client])
    expect(hub.clients('orders')).toEqual([ann.client])
    expect(hub.clients('nowhere')).toEqual([])
  })

  it('gives lists of its own, which nobody can use to change it', async () => {
    const { hub, connect } = testHub()
    const { client } = connect()
    await hub.subscribe(client, 'orders')
    hub.channels().length = 0
    hub.clients().length = 0
    hub.clients('orders').length = 0
    client.channels.length = 0
    expect([hub.channels(), hub.clients(), hub.clients('orders'), client.channels]).toEqual([
      ['orders'],
      [client],
      [client],
      ['orders'],
    ])
  })
})
