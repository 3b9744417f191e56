import { type DisconnectEvent, type ErrorEvent, Hub } from '@fanfare/core'
import { MemoryConn, testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { slowClient } from '../fakes/slow-client.ts'

const ROOM = 'presence-room'

describe('a listener', () => {
  it('is told of a client that comes and of the same client when it goes', () => {
    const { hub, connect } = testHub()
    const events: unknown[] = []
    hub.on('connect', (client) => events.push(['connect', client]))
    hub.on('disconnect', ({ client }) => events.push(['disconnect', client]))
    const { client } = connect()
    client.close()
    expect(events).toEqual([
      ['connect', client],
      ['disconnect', client],
    ])
  })

  it('may be told once only', () => {
    const { hub, connect } = testHub()
    let told = 0
    hub.once('connect', () => told++)
    connect()
    connect()
    expect(told).toBe(1)
  })

  it('may be taken off, also while it waits for one event only', () => {
    const { hub, connect } = testHub()
    let told = 0
    const listener = (): void => {
      told++
    }
    hub.on('connect', listener).once('connect', listener).off('connect', listener)
    connect()
    expect(told).toBe(0)
  })

  it('that is on twice is told twice', () => {
    const { hub, connect } = testHub()
    let told = 0
    const listener = (): void => {
      told++
    }
    hub.on('connect', listener).on('connect', listener)
    connect()
    expect(told).toBe(2)
  })

  it('may add and take off listeners while it is told', () => {
    const { hub, connect } = testHub()
    const told: string[] = []
    const second = (): void => {
      told.push('second')
    }
    hub.on('connect', () => {
      told.push('first')
      hub.off('connect', second)
      hub.once('connect', () => told.push('third'))
    })
    hub.on('connect', second)
    connect()
    connect()
    expect(told[0]).toBe('first')
    expect(told.filter((name) => name === 'third')).toHaveLength(1)
  })

  it('is told after the operation, in the order in which things happened', async () => {
    const { hub, connect } = testHub({ authorizer: () => true })
    const { client } = connect()
    const told: string[] = []
    hub.on('occupied', ({ channel }) =>
      told.push(`occupied ${channel} by ${String(hub.channelCount(channel))}`),
    )
    hub.on('vacated', ({ channel }) => told.push(`vacated ${channel}`))
    hub.on('presence', ({ joined, member }) => told.push(`${joined ? '+' : '-'}${member.id}`))
    hub.on('disconnect', () => told.push('disconnect'))
    await hub.subscribe(client, ROOM)
    client.close()
    expect(told).toEqual([`occupied ${ROOM} by 1`, '+1.1', '-1.1', `vacated ${ROOM}`, 'disconnect'])
  })

  it('that throws disturbs nobody: the others are told, the hub goes on, the error is told', async () => {
    const { hub, clock, connect, reported } = testHub()
    const errors: ErrorEvent[] = []
    const told: string[] = []
    const error = new Error('listener broken')
    hub.on('connect', () => {
      throw error
    })
    hub.on('connect', () => told.push('second'))
    hub.on('error', (event) => errors.push(event))
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'x')
    clock.turn()
    expect([told, conn.received, reported]).toEqual([['second'], ['x'], []])
    expect(errors).toEqual([{ error, where: 'listener' }])
  })

  it('that returns a promise which rejects is an error event, not an unhandled rejection', async () => {
    const { hub, clock, connect } = testHub()
    const errors: ErrorEvent[] = []
    hub.on('error', (event) => errors.push(event))
    const error = new Error('listener broken later')
    hub.on('connect', async () => Promise.reject(error))
    connect()
    await clock.settle()
    expect(errors).toEqual([{ error, where: 'listener' }])
  })
})

describe('connect', () => {
  it('may be the moment to close the client, or to send it something', () => {
    const { hub, clock, connect } = testHub()
    hub.once('connect', (client) => client.close('over-capacity'))
    const refused = connect()
    expect([refused.client.connected, refused.conn.closedWith?.code, hub.count()]).toEqual([false, 4100, 0])
    expect(clock.timers).toBe(0)
    hub.once('connect', (client) => client.send('welcome'))
    const { conn } = connect()
    clock.turn()
    expect(conn.received).toEqual(['welcome'])
  })
})

describe('subscribe and unsubscribe', () => {
  it('tell who came into which channel, who is out of it, and why if the client did not ask for it', async () => {
    const { hub, clock, connect } = testHub({ authorizer: () => ({ allowed: true, expiresAt: 1_000 }) })
    const told: unknown[] = []
    hub.on('subscribe', ({ client, channel }) => told.push(['in', client.id, channel]))
    hub.on('unsubscribe', ({ client, channel, why }) => told.push(['out', client.id, channel, why]))
    const { client } = connect()
    for (const channel of ['a', 'b', 'private-c', 'a']) await hub.subscribe(client, channel)
    hub.unsubscribe(client, 'a')
    hub.unsubscribe(client, 'a')
    clock.advance(1_100)
    expect(told).toEqual([
      ['in', '1.1', 'a'],
      ['in', '1.1', 'b'],
      ['in', '1.1', 'private-c'],
      ['out', '1.1', 'a', undefined],
      ['out', '1.1', 'private-c', 'expired'],
    ])
    client.close()
    expect(told.slice(5).map((event) => (event as string[]).slice(0, 3))).toEqual([['out', '1.1', 'b']])
  })
})

describe('disconnect', () => {
  const goings: [
    string,
    Partial<DisconnectEvent>,
    (kit: ReturnType<typeof testHub>, one: ReturnType<ReturnType<typeof testHub>['connect']>) => void,
  ][] = [
    [
      'the peer closes',
      { why: 'closed', code: 1001, reason: 'bye' },
      (_kit, { conn }) => conn.peerCloses(1001, 'bye'),
    ],
    [
      'the transport just ends',
      { why: 'closed', code: 1006, reason: '' },
      (_kit, { client }) => client.session.closed(),
    ],
    [
      'the application closes it',
      { why: 'closed', code: 1000, reason: 'closed' },
      (_kit, { client }) => client.close(),
    ],
    [
      'the application closes it with a word',
      { why: 'terminated', code: 4011, reason: 'terminated' },
      (_kit, { client }) => client.close('terminated'),
    ],
    [
      'the application closes it with a number',
      { why: 'closed', code: 4321, reason: 'enough' },
      (_kit, { client }) => client.close(4321, 'enough'),
    ],
    ['its adapter goes away', { why: 'shutdown', code: 4200 }, (_kit, { client }) => client.session.leave()],
    ['the hub closes', { why: 'shutdown', code: 4200 }, ({ hub }) => void hub.close()],
    [
      'its connection breaks',
      { why: 'closed', code: 1006 },
      ({ clock }, { client, conn }) => {
        conn.failNextWrite()
        client.send('x')
        clock.turn()
      },
    ],
  ]

  it.each(goings)('comes exactly once when %s', async (_how, expected, go) => {
    const kit = testHub()
    const events: DisconnectEvent[] = []
    kit.hub.on('disconnect', (event) => events.push(event))
    const one = kit.connect()
    await kit.hub.subscribe(one.client, 'orders')
    go(kit, one)
    one.client.close()
    one.conn.peerCloses()
    one.client.session.closed()
    kit.clock.advance(20_000)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ client: one.client, channels: ['orders'], ...expected })
    expect(kit.clock.timers).toBe(0)
  })

  it('comes when the client is out of everything and every leave has been told', async () => {
    const { hub, clock, connect } = testHub({ authorizer: () => true })
    const [ann, ben] = [connect({ protocol: outspoken() }), connect({ protocol: outspoken() })]
    for (const { client } of [ann, ben]) await hub.subscribe(client, ROOM)
    clock.turn()
    ben.conn.take()
    const seen: unknown[] = []
    hub.on('disconnect', ({ client }) => {
      seen.push(client.connected, client.channels, hub.client(client.id), hub.count(), hub.presence(ROOM))
      hub.broadcast(ROOM, 'after the leave')
    })
    ann.conn.peerCloses()
    clock.turn()
    expect(seen).toEqual([false, [], undefined, 1, [{ id: '1.2' }]])
    expect(ben.conn.received).toEqual([`-1.1 ${ROOM}`, 'after the leave'])
  })
})

describe('an error', () => {
  it('that nobody listens to is reported to the host', async () => {
    const cause = new Error('database down')
    const { hub, connect, reported } = testHub({
      authorizer: () => {
        throw cause
      },
    })
    await expect(hub.subscribe(connect().client, 'private-a')).rejects.toThrow('not allowed')
    expect(reported).toEqual([cause])
  })

  it('is not reported to the host when somebody listens', async () => {
    const { hub, connect, reported } = testHub({ authorizer: async () => Promise.reject(new Error('no')) })
    hub.on('error', () => {})
    await expect(hub.subscribe(connect().client, 'private-a')).rejects.toThrow('not allowed')
    expect(reported).toEqual([])
  })

  it('of an error listener goes to the host, and the other listeners are told all the same', () => {
    const { hub, connect, reported } = testHub()
    const told: unknown[] = []
    hub.on('error', () => {
      throw new Error('listener of errors broken')
    })
    hub.on('error', ({ where }) => told.push(where))
    hub.on('connect', () => {
      throw new Error('listener broken')
    })
    connect()
    expect(told).toEqual(['listener'])
    expect(reported).toEqual([new Error('listener of errors broken')])
  })

  it('of an error listener that fails later goes to the host too', async () => {
    const { hub, clock, connect, reported } = testHub()
    hub.on('error', async () => Promise.reject(new Error('too late')))
    hub.on('connect', () => {
      throw new Error('listener broken')
    })
    connect()
    await clock.settle()
    expect(reported).toEqual([new Error('too late')])
  })

  it('of a handler of messages names the client, and hurts nobody', async () => {
    const { hub, clock, connect } = testHub()
    const errors: ErrorEvent[] = []
    hub.on('error', (event) => errors.push(event))
    const { client, conn } = connect()
    const error = new Error('handler broken')
    void client.serve((_client, data) => {
      if (data === 'later') return Promise.reject(error)
      throw error
    })
    conn.says('now')
    conn.says('later')
    await clock.settle()
    expect(errors).toEqual([
      { error, where: 'handler', client },
      { error, where: 'handler', client },
    ])
    expect(client.connected).toBe(true)
  })

  it('of a connection that throws ends that client alone', async () => {
    const { hub, clock, connect } = testHub()
    const errors: ErrorEvent[] = []
    hub.on('error', (event) => errors.push(event))
    const [ann, ben] = [connect(), connect()]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'orders')
    const error = new Error('adapter broken')
    ann.conn.write = () => {
      throw error
    }
    hub.broadcast('orders', 'x')
    clock.turn()
    expect(ben.conn.received).toEqual(['x'])
    expect(ann.client.connected).toBe(false)
    expect(ann.conn.closedWith?.code).toBe(1011)
    expect(errors).toEqual([{ error, where: 'conn', client: ann.client }])
    expect(hub.clients('orders')).toEqual([ben.client])
  })

  it.each(['close', 'terminate'] as const)(
    'of a connection that throws at %s leaves nothing behind',
    async (method) => {
      const { hub, clock, connect, reported } = testHub()
      const { client, conn } = connect()
      await hub.subscribe(client, 'orders')
      conn.stall()
      client.send('T')
      clock.turn()
      conn[method] = () => {
        throw new Error(`${method} broken`)
      }
      let closed = false
      void hub.close().then(() => (closed = true))
      await clock.settle()
      expect([hub.count(), hub.channels()]).toEqual([0, []])
      clock.advance(6_000)
      await clock.settle()
      expect(closed).toBe(true)
      expect(reported).toEqual([new Error(`${method} broken`)])
      expect(clock.timers).toBe(0)
    },
  )

  it('of a protocol that throws costs that message, counted, and hurts nobody else', async () => {
    const { hub, clock, connect } = testHub()
    const errors: ErrorEvent[] = []
    hub.on('error', (event) => errors.push(event))
    const error = new Error('codec broken')
    const broken = {
      ...outspoken(),
      broadcast: (): never => {
        throw error
      },
      unicast: (): never => {
        throw error
      },
      bye: (): never => {
        throw error
      },
    }
    const [ann, ben] = [connect({ protocol: broken }), connect()]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'x')
    expect(ann.client.send('y')).toBe(true)
    ann.client.close()
    clock.turn()
    expect(ben.conn.received).toEqual(['x'])
    expect([ann.conn.received, ann.conn.closedWith?.code]).toEqual([[], 1011])
    expect(errors.map(({ where }) => where)).toEqual(['protocol', 'protocol', 'protocol', 'protocol'])
    expect(ann.client.dropCounts.encode).toBe(2)
    expect(hub.count()).toBe(1)
  })

  it('does not stop a delivery: a policy that throws costs nothing but its own say', async () => {
    const { client, say, recover, reported } = await slowClient({
      outbox: { frames: 1 },
      slowConsumer: () => {
        throw new Error('policy broken')
      },
    })
    say('a', 'b')
    expect(recover()).toEqual(['a'])
    expect([client.drops, reported]).toEqual([1, [new Error('policy broken')]])
  })

  it('goes to the console of a host that has nothing better', async () => {
    const logged: unknown[] = []
    const { error } = console
    console.error = (...values: unknown[]) => logged.push(values.at(-1))
    try {
      const hub = new Hub({
        authorizer: () => {
          throw new Error('database down')
        },
      })
      await expect(hub.subscribe(hub.add(new MemoryConn()), 'private-a')).rejects.toThrow('not allowed')
    } finally {
      console.error = error
    }
    expect(logged).toEqual([new Error('database down')])
  })
})
