import type { AuthRequest } from '@fanfare/client'
import { describe, expect, it } from 'vitest'

import { codeOf, recorder, stage } from './support/stage.ts'

describe('subscribing', () => {
  it('is asked for by the first listener, once', async () => {
    const scene = stage()
    const orders = scene.client.channel('orders')
    expect(orders.state).toBe('unsubscribed')
    await scene.open()
    expect(scene.socket.all('sub')).toEqual([])
    orders.on('shipped', () => {})
    orders.on('packed', () => {})
    await scene.clock.settle()
    expect(scene.socket.all('sub')).toEqual([{ op: 'sub', channel: 'orders', id: 1 }])
    expect(orders.state).toBe('subscribing')
    scene.socket.grants('sub', { channel: 'orders' })
    expect(orders.state).toBe('subscribed')
  })

  it('ends with the last listener', async () => {
    const scene = stage()
    await scene.open()
    const orders = scene.client.channel('orders')
    const offs = [orders.on('shipped', () => {}), orders.on('packed', () => {})]
    await scene.clock.settle()
    scene.socket.grants('sub')
    offs[0]!()
    offs[0]!()
    await scene.clock.settle()
    expect(scene.socket.all('unsub')).toEqual([])
    offs[1]!()
    await scene.clock.settle()
    expect(scene.socket.all('unsub')).toEqual([{ op: 'unsub', channel: 'orders', id: 2 }])
    expect(orders.state).toBe('unsubscribed')
  })

  it('survives a listener that is taken off and put on again', async () => {
    const scene = stage()
    await scene.open()
    const orders = scene.client.channel('orders')
    const off = orders.on('shipped', () => {})
    await scene.clock.settle()
    scene.socket.grants('sub')
    off()
    orders.on('shipped', () => {})
    await scene.clock.settle()
    expect(scene.socket.all('unsub')).toEqual([])
  })

  it('with subscribe() stays without a listener, until unsubscribe()', async () => {
    const scene = stage()
    await scene.open()
    const orders = scene.client.channel('orders')
    const subscribed = orders.subscribe()
    await scene.clock.settle()
    scene.socket.grants('sub')
    await subscribed
    orders.on('shipped', () => {})()
    await scene.clock.settle()
    expect(orders.state).toBe('subscribed')
    orders.unsubscribe()
    await scene.clock.settle()
    expect(scene.socket.last('unsub')).toMatchObject({ channel: 'orders' })
  })

  it('subscribe() waits for the connection, and rejects when called off', async () => {
    const scene = stage()
    const outcome = codeOf(scene.client.channel('orders').subscribe())
    await scene.open()
    expect(outcome.code).toBeUndefined()
    scene.client.channel('orders').unsubscribe()
    await scene.clock.settle()
    expect(outcome.code).toBe('cancelled')
    scene.socket.says({ op: 'ok', id: 1 })
    expect(scene.client.channel('orders').state).toBe('unsubscribed')
  })

  it('that is called off on the way is undone at the server', async () => {
    const scene = stage()
    await scene.open()
    const off = scene.client.channel('orders').on('shipped', () => {})
    await scene.clock.settle()
    off()
    await scene.clock.settle()
    expect(scene.socket.sent.map(({ op }) => op)).toEqual(['sub', 'unsub'])
  })

  it('refused is an error of the channel, and is not tried again', async () => {
    const scene = stage()
    await scene.open()
    const secret = scene.client.channel('private-secret')
    const errors = recorder()
    secret.when('error', errors)
    const outcome = codeOf(secret.subscribe())
    await scene.clock.settle()
    scene.socket.refuses('sub', 'unauthorized', { message: 'no' })
    await scene.clock.settle()
    expect(outcome.code).toBe('unauthorized')
    expect(errors.calls[0]![0]).toMatchObject({ code: 'unauthorized', by: 'server', message: 'no' })
    expect(scene.errors).toEqual([])
    expect(secret.state).toBe('unsubscribed')
    await scene.reopen()
    expect(scene.socket.all('sub')).toEqual([])
  })

  it('refused without a listener is an error of the client', async () => {
    const scene = stage()
    await scene.open()
    scene.client.channel('private-secret').on('x', () => {})
    await scene.clock.settle()
    scene.socket.refuses('sub', 'unauthorized', { channel: 'private-secret' })
    expect(scene.errors).toMatchObject([{ code: 'unauthorized', channel: 'private-secret' }])
  })

  it.each(['timeout', 'internal', 'rate'])('refused for now (%s) is tried again', async (code) => {
    const scene = stage()
    await scene.open()
    const outcome = codeOf(scene.client.channel('orders').subscribe())
    await scene.clock.settle()
    scene.socket.refuses('sub', code, { after: 5_000 })
    scene.clock.advance(4_999)
    expect(scene.socket.all('sub').length).toBe(1)
    scene.clock.advance(1)
    expect(scene.socket.all('sub').length).toBe(2)
    scene.socket.grants('sub')
    await scene.clock.settle()
    expect(outcome.code).toBeUndefined()
    expect(scene.client.channel('orders').state).toBe('subscribed')
  })

  it('called off before it is tried again leaves no timer', async () => {
    const scene = stage({ pingIntervalMs: 0 })
    await scene.open()
    const off = scene.client.channel('orders').on('x', () => {})
    await scene.clock.settle()
    scene.socket.refuses('sub', 'rate', { after: 5_000 })
    expect(scene.clock.timers).toBe(1)
    off()
    await scene.clock.settle()
    expect(scene.clock.timers).toBe(0)
    expect(scene.socket.all('sub').length).toBe(1)
  })

  it('without an answer is tried again', async () => {
    const scene = stage({ requestTimeoutMs: 2_000 })
    await scene.open()
    scene.client.channel('orders').on('x', () => {})
    await scene.clock.settle()
    scene.clock.advance(3_000)
    expect(scene.socket.all('sub').length).toBe(2)
    expect(scene.errors[0]?.code).toBe('timeout')
  })
})

describe('after a reconnection', () => {
  it('what is wanted is subscribed to again, and the hole is told', async () => {
    const scene = stage()
    await scene.open()
    const orders = scene.client.channel('orders')
    const gone = scene.client.channel('gone').on('x', () => {})
    const gaps = recorder()
    const subscribed = recorder()
    orders.on('shipped', () => {})
    orders.when('gap', gaps)
    orders.when('subscribed', subscribed)
    await scene.clock.settle()
    for (const { id } of scene.socket.all('sub')) scene.socket.says({ op: 'ok', id })
    expect(gaps.calls).toEqual([])
    scene.socket.drops()
    expect(orders.state).toBe('subscribing')
    gone()
    await scene.clock.settle()
    scene.retry()
    scene.socket.welcomes({ client: '1.2' })
    expect(scene.socket.sent).toMatchObject([{ op: 'sub', channel: 'orders' }])
    scene.socket.grants('sub')
    expect(gaps.calls).toEqual([[{ channel: 'orders', count: 0, reason: 'reconnect' }]])
    expect(subscribed.calls.length).toBe(2)
  })

  it('nothing said about an earlier connection counts', async () => {
    const scene = stage()
    await scene.open()
    const heard = recorder()
    scene.client.channel('orders').on('x', heard)
    await scene.clock.settle()
    scene.socket.grants('sub')
    const old = scene.socket
    const message = old.onmessage!
    await scene.reopen()
    scene.socket.grants('sub')
    message({ data: JSON.stringify({ op: 'msg', channel: 'orders', event: 'x', data: 1 }) })
    expect(heard.calls).toEqual([])
  })

  it('a client that was closed subscribes again when it connects again', async () => {
    const scene = stage()
    await scene.open()
    scene.client.channel('orders').on('x', () => {})
    await scene.clock.settle()
    scene.socket.grants('sub')
    scene.client.close()
    await scene.open()
    expect(scene.socket.all('sub').length).toBe(1)
  })
})

describe('getAuth', () => {
  it('is asked at each attempt, and told for whom', async () => {
    const scene = stage()
    await scene.open()
    const asked: AuthRequest[] = []
    const getAuth = (request: AuthRequest): Promise<unknown> => {
      asked.push(request)
      return Promise.resolve({ sig: request.client })
    }
    const room = scene.client.channel('private-room', { getAuth })
    room.on('x', () => {})
    await scene.clock.settle()
    expect(scene.socket.last('sub')).toMatchObject({ auth: { sig: '1.1' } })
    scene.socket.grants('sub')
    await scene.reopen()
    expect(scene.socket.last('sub')).toMatchObject({ auth: { sig: '1.2' } })
    expect(asked).toEqual([
      { channel: 'private-room', client: '1.1', renew: false },
      { channel: 'private-room', client: '1.2', renew: false },
    ])
  })

  it('that fails is asked again', async () => {
    const scene = stage()
    await scene.open()
    let asked = 0
    const getAuth = (): string => {
      if (++asked === 1) throw new Error('no network')
      return 'yes'
    }
    scene.client.channel('private-room', { getAuth }).on('x', () => {})
    await scene.clock.settle()
    expect(scene.errors).toMatchObject([{ code: 'auth', channel: 'private-room' }])
    scene.clock.advance(1_000)
    await scene.clock.settle()
    expect(scene.socket.last('sub')).toMatchObject({ auth: 'yes' })
  })

  it('that comes too late is not used', async () => {
    const scene = stage()
    await scene.open()
    let give = (_auth: string): void => {}
    const room = scene.client.channel('private-room', {
      getAuth: () => new Promise<string>((resolve) => (give = resolve)),
    })
    const off = room.on('x', () => {})
    await scene.clock.settle()
    off()
    await scene.clock.settle()
    give('late')
    await scene.clock.settle()
    expect(scene.socket.sent).toEqual([])
  })

  it('renews a subscription that expires, without an interruption', async () => {
    const scene = stage()
    await scene.open()
    let asked = 0
    const room = scene.client.channel('private-room', { getAuth: () => ++asked })
    const heard = recorder()
    const subscribed = recorder()
    const expiring = recorder()
    room.on('x', heard)
    room.when('subscribed', subscribed)
    room.when('expiring', expiring)
    await scene.clock.settle()
    scene.socket.grants('sub')
    scene.socket.says({ op: 'expiring', channel: 'private-room', in: 30_000 })
    await scene.clock.settle()
    expect(expiring.calls).toEqual([[{ inMs: 30_000 }]])
    expect(scene.socket.last('sub')).toMatchObject({ auth: 2 })
    scene.socket.says({ op: 'msg', channel: 'private-room', event: 'x', data: 1 })
    scene.socket.grants('sub')
    expect(heard.calls.length).toBe(1)
    expect(subscribed.calls.length).toBe(1)
    expect(room.state).toBe('subscribed')
  })

  it('is asked once more when it expired all the same', async () => {
    const scene = stage()
    await scene.open()
    let asked = 0
    const room = scene.client.channel('private-room', { getAuth: () => ++asked })
    const gaps = recorder()
    room.on('x', () => {})
    room.when('gap', gaps)
    await scene.clock.settle()
    scene.socket.grants('sub')
    scene.socket.says({ op: 'unsub', channel: 'private-room', code: 'expired' })
    expect(room.state).toBe('subscribing')
    scene.clock.advance(1_000)
    await scene.clock.settle()
    scene.socket.grants('sub')
    expect(room.state).toBe('subscribed')
    expect(gaps.calls.length).toBe(1)
  })

  it('of a refused renewal leaves the subscription until the server ends it', async () => {
    const scene = stage()
    await scene.open()
    const room = scene.client.channel('private-room', { getAuth: () => 'bad' })
    room.on('x', () => {})
    await scene.clock.settle()
    scene.socket.grants('sub')
    scene.socket.says({ op: 'expiring', channel: 'private-room', in: 30_000 })
    await scene.clock.settle()
    scene.socket.refuses('sub', 'unauthorized')
    expect(room.state).toBe('subscribed')
    expect(scene.errors.map(({ code }) => code)).toEqual(['unauthorized'])
  })
})

describe('when the server ends a subscription', () => {
  it('the channel says so, and is not subscribed to again by itself', async () => {
    const scene = stage()
    await scene.open()
    const room = scene.client.channel('private-room')
    const unsubscribed = recorder()
    room.on('x', () => {})
    room.when('unsubscribed', unsubscribed)
    await scene.clock.settle()
    scene.socket.grants('sub')
    scene.socket.says({ op: 'unsub', channel: 'private-room', code: 'expired' })
    expect(unsubscribed.calls).toEqual([[{ code: 'expired' }]])
    expect(room.state).toBe('unsubscribed')
    await scene.reopen()
    expect(scene.socket.all('sub')).toEqual([])
  })

  it('without a word, it was the application', async () => {
    const scene = stage()
    await scene.open()
    const orders = scene.client.channel('orders')
    const unsubscribed = recorder()
    orders.when('unsubscribed', unsubscribed)
    void orders.subscribe()
    await scene.clock.settle()
    scene.socket.grants('sub').says({ op: 'unsub', channel: 'orders' })
    expect(unsubscribed.calls).toEqual([[{ code: 'removed' }]])
  })

  it('and nobody listens for that, it is an error', async () => {
    const scene = stage()
    await scene.open()
    scene.client.channel('private-room').on('x', () => {})
    await scene.clock.settle()
    scene.socket.grants('sub')
    scene.socket.says({ op: 'unsub', channel: 'private-room', code: 'terminated' })
    expect(scene.errors).toMatchObject([{ code: 'terminated', channel: 'private-room' }])
  })
})

describe('events', () => {
  async function subscribed() {
    const scene = stage()
    const orders = scene.client.channel('orders')
    await scene.open()
    void orders.subscribe()
    await scene.clock.settle()
    scene.socket.grants('sub')
    const says = (event: string, data?: unknown, more: object = {}): void =>
      void scene.socket.says({ op: 'msg', channel: 'orders', event, data, ...more })
    return { ...scene, scene, orders, says }
  }

  it('reach those who listen for them, with who sent them', async () => {
    const { orders, says } = await subscribed()
    const heard = recorder()
    orders.on('shipped', heard)
    says('shipped', { id: 7 }, { from: { client: '1.9', user: 'ada' } })
    says('packed', { id: 8 })
    expect(heard.calls).toEqual([
      [
        { id: 7 },
        { channel: 'orders', event: 'shipped', data: { id: 7 }, from: { client: '1.9', user: 'ada' } },
      ],
    ])
  })

  it('may have any name without meaning anything else', async () => {
    const { orders, says } = await subscribed()
    for (const name of ['error', 'joined', 'gap', 'subscribed', '__proto__', 'constructor', 'toString', '']) {
      const heard = recorder()
      orders.on(name, heard)
      says(name, 1)
      expect(heard.calls.length).toBe(1)
    }
  })

  it('reach the others when one listener throws', async () => {
    const { orders, says, scene } = await subscribed()
    const heard = recorder()
    orders.on('x', () => {
      throw new Error('mine')
    })
    orders.on('x', heard)
    says('x')
    expect(heard.calls.length).toBe(1)
    expect(scene.reported).toEqual([new Error('mine')])
  })

  it('reach nobody any more who listened no longer', async () => {
    const { orders, says } = await subscribed()
    const second = recorder()
    orders.on('x', () => off())
    const off = orders.on('x', second)
    says('x')
    expect(second.calls).toEqual([])
  })

  it('of a channel nobody subscribed to are ignored', async () => {
    const { scene } = await subscribed()
    const heard = recorder()
    scene.client.channel('other').when('gap', heard)
    scene.socket.says({ op: 'msg', channel: 'other', event: 'x', data: 1 })
    scene.socket.says({ op: 'msg', channel: 'unknown', event: 'x', data: 1 })
    expect(heard.calls).toEqual([])
  })

  it('that the server lost are told to the channel and to the client', async () => {
    const { orders, scene } = await subscribed()
    const gaps = recorder()
    scene.client.on('gap', gaps)
    orders.when('gap', gaps)
    scene.socket.says({ op: 'gap', channel: 'orders', count: 3, reason: 'slow' })
    scene.socket.says({ op: 'gap', count: 0, reason: 'bus' })
    const gap = { channel: 'orders', count: 3, reason: 'slow' }
    expect(gaps.calls).toEqual([[gap], [gap], [{ channel: undefined, count: 0, reason: 'bus' }]])
  })

  it('sent directly reach those who listen for them', async () => {
    const { scene } = await subscribed()
    const heard = recorder()
    scene.client.onDirect('notice', heard)
    scene.socket.says({ op: 'msg', event: 'notice', data: 'hi', from: { user: 'ada' } })
    expect(heard.calls).toEqual([['hi', { event: 'notice', data: 'hi', from: { user: 'ada' } }]])
  })

  it('are published with an answer', async () => {
    const { orders, scene } = await subscribed()
    const outcome = codeOf(orders.publish('typing', { on: true }, { echo: true }))
    expect(scene.socket.last('pub')).toMatchObject({
      channel: 'orders',
      event: 'typing',
      data: { on: true },
      echo: true,
    })
    scene.socket.refuses('pub', 'forbidden')
    await scene.clock.settle()
    expect(outcome.code).toBe('forbidden')
  })

  it('published while the subscription is under way wait for it', async () => {
    const scene = stage()
    await scene.open()
    const room = scene.client.channel('private-room')
    void room.subscribe()
    const outcome = codeOf(room.publish('typing', 1))
    await scene.clock.settle()
    expect(scene.socket.sent.map(({ op }) => op)).toEqual(['sub'])
    scene.socket.grants('sub')
    expect(scene.socket.sent.map(({ op }) => op)).toEqual(['sub', 'pub'])
    scene.socket.grants('pub')
    await scene.clock.settle()
    expect(outcome.code).toBeUndefined()
  })

  it('published to a channel that is refused are refused with it', async () => {
    const scene = stage()
    await scene.open()
    const room = scene.client.channel('private-room')
    void room.subscribe()
    const outcome = codeOf(room.publish('typing', 1))
    await scene.clock.settle()
    scene.socket.refuses('sub', 'unauthorized')
    await scene.clock.settle()
    expect(outcome.code).toBe('unauthorized')
  })
})
