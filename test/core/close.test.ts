import { type Client, closeCode, type Hub, HubClosedError, OptionError, type Why } from '@fanfare/core'
import { MemoryConn, testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { ScriptedRelay } from '../fakes/scripted-relay.ts'
import { slowClient } from '../fakes/slow-client.ts'

describe('closing a client', () => {
  it('sends all that is owed, then the last words, then the close code', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect({ protocol: outspoken() })
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'a')
    client.close('terminated')
    expect(conn.received).toEqual(['ok orders', 'a', 'bye terminated'])
    expect(conn.closedWith).toEqual({ code: 4011, reason: 'terminated' })
    expect(conn.batches).toHaveLength(1)
    expect([client.connected, client.channels, hub.count()]).toEqual([false, [], 0])
    clock.turn()
    expect(conn.batches).toHaveLength(1)
    expect(clock.timers).toBe(0)
  })

  it('on a full transport drops the data that waits, sends answers and last words, and cuts it after 1 s', async () => {
    const { hub, clock, client, conn, say } = await slowClient({}, { protocol: outspoken() })
    say('a', 'b')
    await hub.subscribe(client, 'invoices')
    client.close('rate')
    const words = conn.batches.at(-1)!.frames.map(({ data }) => data)
    expect(words).toEqual(['ok invoices', 'bye rate'])
    expect(client.dropCounts.closed).toBe(2)
    expect(conn.closedWith).toEqual({ code: 4102, reason: 'rate' })
    clock.advance(900)
    expect(conn.terminated).toBe(false)
    clock.advance(200)
    expect(conn.terminated).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('gives a transport with room 5 s for its handshake, then cuts it', async () => {
    const { clock, connect } = testHub()
    const { client, conn } = connect()
    conn.close = () => {}
    client.close()
    clock.advance(4_900)
    expect(conn.terminated).toBe(false)
    clock.advance(200)
    expect(conn.terminated).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('counts a transport that the last words fill as full', async () => {
    const { clock, connect } = testHub()
    const { client, conn } = connect({ protocol: outspoken() })
    conn.stall()
    client.close()
    clock.advance(1_100)
    expect(conn.terminated).toBe(true)
  })

  it('is done once: the first word holds', () => {
    const { connect } = testHub()
    const { client, conn } = connect()
    conn.stall()
    client.send('T')
    client.close('rate')
    client.close('slow')
    client.close(4999)
    expect(conn.closedWith).toEqual({ code: 4102, reason: 'rate' })
  })

  it.each([
    [undefined, 1000],
    ['closed', 1000],
    [1000, 1000],
    [3000, 3000],
    [4999, 4999],
  ] as const)('takes a word or a code: %s', (code, sent) => {
    const { connect } = testHub()
    const { client, conn } = connect()
    client.close(code)
    expect(conn.closedWith?.code).toBe(sent)
  })

  it.each([0, 999, 1001, 1006, 2999, 5000, 3000.5, Number.NaN])('refuses the code %d', (code) => {
    const { connect } = testHub()
    const { client, conn } = connect()
    expect(() => client.close(code)).toThrow(OptionError)
    expect([client.connected, conn.open]).toEqual([true, true])
  })

  it('cuts the reason to 123 bytes, never inside a character', () => {
    const { connect } = testHub()
    const reasons = ['x'.repeat(200), '\u{1f600}'.repeat(40), `${'x'.repeat(121)}\u00fc\u00fc`].map(
      (reason) => {
        const { client, conn } = connect()
        client.close(4000, reason)
        return conn.closedWith!.reason
      },
    )
    expect(reasons).toEqual(['x'.repeat(123), '\u{1f600}'.repeat(30), `${'x'.repeat(121)}\u00fc`])
  })

  it('cuts the reason of a protocol too', () => {
    const { connect } = testHub()
    const wordy = { ...outspoken(), bye: () => ({ frames: [], code: 4000, reason: 'x'.repeat(500) }) }
    const { client, conn } = connect({ protocol: wordy })
    client.close('rate')
    expect(conn.closedWith!.reason).toHaveLength(123)
  })

  it('has a number for every word, in the range that tells whether to come back', () => {
    const never: Why[] = ['bad-frame', 'unauthorized', 'forbidden', 'terminated', 'expired']
    const later: Why[] = ['over-capacity', 'slow', 'rate', 'limit']
    const soon: Why[] = ['shutdown', 'idle', 'timeout']
    for (const why of never) expect(Math.floor(closeCode(why) / 100)).toBe(40)
    for (const why of later) expect(Math.floor(closeCode(why) / 100)).toBe(41)
    for (const why of soon) expect(Math.floor(closeCode(why) / 100)).toBe(42)
  })

  it('makes what it is told afterwards fall on deaf ears', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect()
    const heard: unknown[] = []
    void client.serve((_client, data) => void heard.push(data))
    conn.stall()
    client.send('T')
    clock.turn()
    client.close()
    client.session.receive('too late')
    client.session.writable()
    client.tell({ on: 'pong' })
    hub.unsubscribe(client, 'orders')
    clock.turn()
    expect(heard).toEqual([])
    expect(conn.batches).toHaveLength(1)
  })
})

describe('closing the hub', () => {
  it('closes every client as shutdown, after what it is owed, and resolves when all are gone', async () => {
    const { hub, clock, connect } = testHub()
    const two = [connect({ protocol: outspoken() }), connect()]
    for (const { client } of two) await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'last')
    await hub.close()
    expect(two.map(({ conn }) => conn.received)).toEqual([['ok orders', 'last', 'bye shutdown'], ['last']])
    expect(two.map(({ conn }) => conn.closedWith?.code)).toEqual([4200, 4200])
    expect([hub.closed, hub.count(), hub.channels(), clock.timers]).toEqual([true, 0, [], 0])
  })

  it('waits for transports that take their time, 5 s at most', async () => {
    const { hub, clock, connect } = testHub()
    const { conn } = connect()
    conn.close = () => {}
    let closed = false
    void hub.close().then(() => (closed = true))
    clock.advance(4_900)
    await clock.settle()
    expect(closed).toBe(false)
    clock.advance(200)
    await clock.settle()
    expect(closed).toBe(true)
    expect(conn.terminated).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('may be asked for twice: both wait for the same', async () => {
    const { hub, clock, connect } = testHub()
    const { conn } = connect()
    conn.stall()
    hub.clients()[0]!.send('T')
    clock.turn()
    const outcomes: string[] = []
    void hub.close().then(() => outcomes.push('first'))
    void hub.close().then(() => outcomes.push('second'))
    await clock.settle()
    expect(outcomes).toEqual([])
    clock.advance(1_100)
    await clock.settle()
    expect(outcomes).toEqual(['first', 'second'])
  })

  it('may be asked for in the middle of an operation, and waits for the clients all the same', async () => {
    let close = (): void => {}
    const { hub, clock, conn, say } = await slowClient({
      outbox: { frames: 1 },
      slowConsumer: () => {
        close()
        return 'drop-newest'
      },
    })
    let closed = false
    close = () => void hub.close().then(() => (closed = true))
    say('a', 'b')
    await clock.settle()
    expect([closed, hub.count()]).toEqual([false, 0])
    clock.advance(1_100)
    await clock.settle()
    expect([closed, conn.terminated]).toEqual([true, true])
  })

  it.each<[string, (hub: Hub, client: Client) => unknown]>([
    ['add', (hub) => hub.add(new MemoryConn())],
    ['unsubscribe', (hub, client) => hub.unsubscribe(client, 'orders')],
    ['broadcast', (hub) => hub.broadcast('orders', 'x')],
    ['broadcast to no channel at all', (hub) => hub.broadcast([], 'x')],
    ['sendTo', (hub, client) => hub.sendTo(client.id, 'x')],
    ['attach', (hub) => hub.attach(new ScriptedRelay())],
  ])('makes %s say so', async (_name, entry) => {
    const { hub, connect } = testHub()
    const { client } = connect()
    await hub.close()
    expect(() => entry(hub, client)).toThrow(HubClosedError)
    expect(() => entry(hub, client)).toThrow(expect.objectContaining({ code: 'hub-closed' }))
  })

  it('makes what returns a promise reject with it', async () => {
    const { hub, connect } = testHub()
    const { client } = connect()
    await hub.close()
    await expect(hub.subscribe(client, 'orders')).rejects.toThrow(HubClosedError)
    await expect(hub.publish({ channel: 'orders', data: '1' })).rejects.toThrow(HubClosedError)
  })

  it('says so from the moment of the call, before anybody is gone', async () => {
    const { hub, clock, connect } = testHub()
    const { client } = connect()
    const closing = hub.close()
    expect(() => hub.add(new MemoryConn())).toThrow(HubClosedError)
    await expect(hub.subscribe(client, 'orders')).rejects.toThrow(HubClosedError)
    await clock.settle()
    await closing
  })

  it('leaves a hub that may still be asked what it holds: nothing', async () => {
    const { hub, connect } = testHub({ authorizer: () => true })
    const { client } = connect()
    await hub.subscribe(client, 'presence-room')
    await hub.close()
    expect(hub.presence('presence-room')).toBeUndefined()
    expect([hub.count(), hub.channelCount('presence-room'), hub.clients()]).toEqual([0, 0, []])
    expect(hub.client(client.id)).toBeUndefined()
    expect(client.send('x')).toBe(false)
    expect(hub.stats()).toMatchObject({ clients: 0, channels: 0, subscriptions: 0, pendingAuthorizations: 0 })
    hub.deliver({ channel: 'orders', data: 'x' })
    hub.gap('orders')
  })

  it('tells the presence leaves and one disconnect per client', async () => {
    const { hub, connect } = testHub({ authorizer: () => true })
    const told: string[] = []
    hub.on('presence', ({ joined, member }) => told.push(`${joined ? '+' : '-'}${member.id}`))
    hub.on('disconnect', ({ client, why }) => told.push(`${client.id} ${why}`))
    for (let n = 0; n < 2; n++) await hub.subscribe(connect().client, 'presence-room')
    await hub.close()
    expect(told).toEqual(['+1.1', '+1.2', '-1.1', '1.1 shutdown', '-1.2', '1.2 shutdown'])
  })
})
