import { bridge, type Event, type SubscribeOptions, type SubscribeSignal } from '@fanfare/broadcasting'
import type { Message } from '@fanfare/core'
import { FanfareError, type Relay } from '@fanfare/core/contract'
import { describe, expect, it, vi } from 'vitest'

import { BridgeStage } from '../fakes/bridge-stage.ts'
import { outcomeOf } from '../fakes/scripted-bus.ts'

// Hubs that are joined by a bus.

/** Three bridged hubs, with one subscriber of `orders` on each. */
async function three() {
  const stage = new BridgeStage()
  const nodes = [1, 2, 3].map((number) => stage.node(number))
  const clients = nodes.map(({ join }) => join())
  await stage.clock.settle()
  for (const { conn } of clients) conn.take()
  return { stage, nodes, clients, heard: () => clients.map(({ conn }) => conn.take()) }
}

describe('what is sent on one hub', () => {
  it('by broadcast reaches the subscribers of all, once', async () => {
    const { stage, nodes, heard } = await three()
    for (const [n, { hub }] of nodes.entries()) {
      hub.broadcast('orders', `from ${String(n)}`)
      await stage.clock.settle()
      expect(heard()).toEqual([[`from ${String(n)}`], [`from ${String(n)}`], [`from ${String(n)}`]])
    }
    expect(stage.reported).toEqual([])
  })

  it('by publish does, too, and is done when the bus has it', async () => {
    const { stage, nodes, heard } = await three()
    await nodes[0]!.hub.publish({ channel: 'orders', event: 'created', data: '{}' })
    await stage.clock.settle()
    expect(heard()).toEqual([[{}], [{}], [{}]])
    expect(stage.driver.published).toEqual([
      expect.objectContaining({ channel: 'orders', name: 'created', payload: '{}' }),
    ])
  })

  it('comes from a process that has no hub as well', async () => {
    const { stage, heard } = await three()
    await stage.driver.publish({ channel: 'orders', payload: 'from a worker' })
    await stage.clock.settle()
    expect(heard()).toEqual([['from a worker'], ['from a worker'], ['from a worker']])
  })

  it('is not for those who are excepted, on whatever node they are', async () => {
    const { stage, nodes, heard } = await three()
    nodes[0]!.hub.broadcast('orders', 'x', { except: ['1.1', '3.1'] })
    await stage.clock.settle()
    expect(heard()).toEqual([[], ['x'], []])
  })

  it('arrives with its name, origin, key and id, and as bytes if it was bytes', async () => {
    const { nodes } = await three()
    const deliver = vi.spyOn(nodes[2]!.hub, 'deliver')
    const message: Message = {
      channel: 'orders',
      event: 'created',
      data: new Uint8Array([0, 128, 255]),
      except: ['9.9'],
      from: { client: '1.1', user: 'ann' },
      key: 'k',
      id: 'i',
    }
    await nodes[0]!.hub.publish(message)
    await nodes[1]!.hub.publish({ channel: 'orders', data: 'text' })
    expect(deliver.mock.calls.map(([delivered]) => delivered)).toEqual([
      message,
      { channel: 'orders', data: 'text' },
    ])
  })

  it('arrives in one order everywhere', async () => {
    const { stage, nodes, heard } = await three()
    for (let n = 0; n < 30; n++) nodes[n % 3]!.hub.broadcast('orders', String(n))
    await stage.clock.settle()
    const [first, ...others] = heard()
    expect(first).toHaveLength(30)
    for (const other of others) expect(other).toEqual(first)
  })

  it('that the bus refuses rejects the publish, and is an error event of the broadcast', async () => {
    const { stage, nodes } = await three()
    const refusal = new FanfareError('too-large', 'too large')
    stage.driver.refuses = (what) => (what === 'publish' ? refusal : undefined)
    await expect(nodes[0]!.hub.publish({ channel: 'orders', data: '' })).rejects.toBe(refusal)
    const errors: unknown[] = []
    nodes[0]!.hub.on('error', (event) => errors.push(event))
    nodes[0]!.hub.broadcast('orders', '')
    await stage.clock.settle()
    expect(errors).toEqual([{ error: refusal, where: 'relay', channel: 'orders' }])
  })
})

describe('a hub', () => {
  it('is on the bus for channels with local subscribers, and for its inbox', async () => {
    const stage = new BridgeStage()
    const [one, other] = [stage.node(1), stage.node(2)]
    await stage.clock.settle()
    expect(stage.driver.open).toEqual(['!1', '!2'])
    one.join()
    one.join()
    other.join('news')
    await stage.clock.settle()
    expect(stage.driver.open.slice(2)).toEqual(['orders', 'news'])
    expect([one.link.channels, other.link.channels]).toEqual([1, 1])
    one.hub.broadcast('unheard-of', 'x')
    await stage.clock.settle()
    expect(stage.driver.open).toHaveLength(4)
  })

  it('stays there for lingerMs after the last has left', async () => {
    const stage = new BridgeStage()
    const { hub, join, link } = stage.node(1, { lingerMs: 3_000 })
    const { client } = join()
    await stage.clock.settle()
    hub.unsubscribe(client, 'orders')
    await stage.after(2_900)
    expect(stage.driver.open).toContain('orders')
    await stage.after(200)
    expect([stage.driver.open, link.channels, stage.clock.timers]).toEqual([['!1'], 0, 0])
  })

  it('stays there when somebody comes back before, and lingers anew after that', async () => {
    const stage = new BridgeStage()
    const { hub, join, link } = stage.node(1)
    const first = join()
    await stage.clock.settle()
    hub.unsubscribe(first.client, 'orders')
    await stage.after(9_000)
    const second = join()
    await stage.after(60_000)
    expect([second.joined.now, stage.driver.open, stage.driver.subscribes]).toEqual([
      'done',
      ['!1', 'orders'],
      2,
    ])
    second.conn.take()
    await stage.driver.publish({ channel: 'orders', payload: 'x' })
    await stage.clock.settle()
    expect(second.conn.take()).toEqual(['x'])
    hub.unsubscribe(second.client, 'orders')
    await stage.after(9_900)
    expect(link.channels).toBe(1)
    await stage.after(200)
    expect([link.channels, stage.clock.timers]).toEqual([0, 0])
  })

  it('leaves at once when lingerMs is 0', async () => {
    const stage = new BridgeStage()
    const { hub, join } = stage.node(1, { lingerMs: 0 })
    const { client } = join()
    await stage.clock.settle()
    hub.unsubscribe(client, 'orders')
    await stage.after(1)
    expect(stage.driver.open).toEqual(['!1'])
  })

  it('lets go of each channel in its own time', async () => {
    const stage = new BridgeStage()
    const { hub, join } = stage.node(1)
    const clients = ['a', 'b', 'c'].map((channel) => ({ channel, ...join(channel) }))
    await stage.clock.settle()
    for (const { client, channel } of clients) {
      hub.unsubscribe(client, channel)
      await stage.after(4_000)
    }
    expect(stage.driver.open).toEqual(['!1', 'b', 'c'])
    await stage.after(3_000)
    expect(stage.driver.open).toEqual(['!1', 'c'])
    await stage.after(4_000)
    expect(stage.driver.open).toEqual(['!1'])
  })

  it('counts a subscribe that waits', async () => {
    const stage = new BridgeStage()
    const { join } = stage.node(1)
    stage.driver.holds = (channel) => channel === 'orders'
    const { joined } = join()
    await stage.clock.settle()
    expect([joined.now, stage.driver.waiting]).toEqual(['pending', 1])
    stage.driver.answer()
    await stage.clock.settle()
    expect([joined.now, stage.driver.open]).toEqual(['done', ['!1', 'orders']])
  })

  it('is on the bus for those who were subscribed before it was bridged, who are told of a gap', async () => {
    const stage = new BridgeStage()
    const { hub, connect } = stage.hub(1)
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    bridge(hub, stage.driver, { platform: stage.platform })
    await stage.clock.settle()
    expect(stage.driver.open).toContain('orders')
    await stage.driver.publish({ channel: 'orders', payload: 'x' })
    await stage.clock.settle()
    expect(conn.take()).toContain('x')
  })
})

describe('while the bus does not answer', () => {
  it('a client is in after 2 s, and told of a gap when the channel is live', async () => {
    const stage = new BridgeStage()
    stage.driver.holds = () => true
    const { join } = stage.node(1)
    const { joined, conn } = join()
    await stage.after(1_900)
    expect(joined.now).toBe('pending')
    await stage.after(200)
    expect([joined.now, conn.take()]).toEqual(['done', ['ok orders']])
    await stage.after(30_000)
    expect(stage.driver.waiting).toBe(2)
    stage.driver.answer()
    await stage.clock.settle()
    expect(conn.take()).toEqual(['gap orders 0 bus'])
    await stage.driver.publish({ channel: 'orders', payload: 'x' })
    await stage.clock.settle()
    expect(conn.take()).toEqual(['x'])
  })

  it('an open is called off when nobody wants it any more, and made anew when somebody does', async () => {
    const stage = new BridgeStage()
    stage.driver.holds = (channel) => channel === 'orders'
    const { hub, join, link } = stage.node(1)
    const one = join()
    await stage.clock.settle()
    hub.unsubscribe(one.client, 'orders')
    await stage.clock.settle()
    expect([one.joined.now, stage.driver.waiting, link.channels]).toEqual(['cancelled', 0, 0])
    const again = join()
    await stage.clock.settle()
    expect(stage.driver.waiting).toBe(1)
    stage.driver.answer()
    await stage.clock.settle()
    expect([again.joined.now, stage.driver.open]).toEqual(['done', ['!1', 'orders']])
    expect(stage.reported).toEqual([])
  })

  it('what comes and goes at any pace ends with what is wanted', async () => {
    const stage = new BridgeStage()
    const { hub, join } = stage.node(1, { lingerMs: 0 })
    for (let n = 0; n < 40; n++) {
      if (n % 5 === 0) stage.driver.holds = () => true
      if (n % 7 === 0) stage.driver.answer()
      const { client } = join()
      if (n % 3 === 0) await stage.clock.settle()
      hub.unsubscribe(client, 'orders')
      if (n % 2 === 0) await stage.clock.settle()
    }
    const last = join()
    stage.driver.answer()
    await stage.clock.settle()
    expect(last.joined.now).toBe('done')
    last.conn.take()
    await stage.driver.publish({ channel: 'orders', payload: 'x' })
    await stage.clock.settle()
    expect([last.conn.take(), stage.driver.open]).toEqual([['x'], ['!1', 'orders']])
  })

  it('and what it refuses is tried again', async () => {
    const stage = new BridgeStage()
    const { hub, join } = stage.node(1)
    const errors: unknown[] = []
    hub.on('error', ({ error }) => errors.push(error))
    const refusal = new FanfareError('refused', 'no permission')
    stage.driver.refuses = (what) => (what === 'subscribe' ? refusal : undefined)
    const { joined } = join()
    await stage.after(2_200)
    expect(joined.now).toBe('done')
    stage.driver.refuses = () => undefined
    await stage.after(2_200)
    expect([new Set(errors), stage.driver.open]).toEqual([new Set([refusal]), ['!1', 'orders']])
  })

  it('the inbox that it refuses is reported, not thrown', async () => {
    const stage = new BridgeStage()
    const refusal = new FanfareError('refused', 'no permission')
    stage.driver.refuses = () => refusal
    stage.node(1)
    await stage.clock.settle()
    expect(stage.reported).toEqual([refusal])
  })
})

describe('a gap that the bus tells', () => {
  it('reaches the subscribers of that channel', async () => {
    const stage = new BridgeStage()
    const gaps = new Map<string, () => void>()
    const subscribe = stage.driver.subscribe.bind(stage.driver)
    vi.spyOn(stage.driver, 'subscribe').mockImplementation((channel, handler, options) => {
      if (options?.gap) gaps.set(channel, options.gap)
      return subscribe(channel, handler, options)
    })
    const { join } = stage.node(1)
    const [ann, ben] = [join(), join('news')]
    await stage.clock.settle()
    gaps.get('orders')!()
    await stage.clock.settle()
    expect(ann.conn.received).toEqual(['ok orders', 'gap orders 0 bus'])
    expect(ben.conn.received).toEqual(['ok news'])
  })
})

describe('closing', () => {
  it('the link takes the hub off the bus, and leaves the driver to others', async () => {
    const { stage, nodes, heard } = await three()
    await nodes[0]!.link.close()
    await nodes[0]!.link.close()
    expect(stage.driver.open.toSorted()).toEqual(['!2', '!3', 'orders', 'orders'])
    nodes[0]!.hub.broadcast('orders', 'mine')
    nodes[1]!.hub.broadcast('orders', 'yours')
    await stage.clock.settle()
    expect(heard()).toEqual([['mine'], ['yours'], ['yours']])
    expect([nodes[0]!.link.channels, nodes[0]!.link.status(), stage.clock.timers]).toEqual([0, 'up', 0])
  })

  it('the link makes room for another; before that there is none', async () => {
    const { stage, nodes, heard } = await three()
    const [{ hub, link }] = nodes as [(typeof nodes)[0]]
    const options = { platform: stage.platform }
    expect(() => bridge(hub, stage.driver, options as never)).toThrow(
      expect.objectContaining({ code: 'relay-attached' }),
    )
    await link.close()
    bridge(hub, stage.driver, options)
    await stage.clock.settle()
    heard()
    nodes[1]!.hub.broadcast('orders', 'x')
    await stage.clock.settle()
    expect(heard()).toEqual([['x'], ['x'], ['x']])
  })

  it('the link while everything waits for the bus leaves nothing behind', async () => {
    const stage = new BridgeStage()
    stage.driver.holds = () => true
    const { link, join } = stage.node(1)
    const { joined } = join()
    await stage.clock.settle()
    const closed = outcomeOf(link.close())
    await stage.clock.settle()
    expect([closed.now, joined.now, stage.driver.waiting]).toEqual(['done', 'done', 0])
    expect([stage.driver.open, stage.clock.timers, stage.reported]).toEqual([[], 0, []])
  })

  it('the hub with a driver that never answers takes no longer than it has to', async () => {
    const stage = new BridgeStage()
    const never = new Promise<never>(() => {})
    vi.spyOn(stage.driver, 'subscribe').mockReturnValue(never)
    vi.spyOn(stage.driver, 'publish').mockReturnValue(never)
    const { hub, join } = stage.node(1)
    join()
    hub.broadcast('orders', 'x')
    await stage.clock.settle()
    const closed = outcomeOf(hub.close())
    await stage.after(4_900)
    expect(closed.now).toBe('pending')
    await stage.after(300)
    expect(closed.now).toBe('done')
  })

  it('the hub lets go of its channels', async () => {
    const { stage, nodes } = await three()
    const closed = outcomeOf(nodes[0]!.hub.close())
    await stage.after(10_100)
    expect(closed.now).toBe('done')
    expect(stage.driver.open.filter((channel) => channel === 'orders')).toHaveLength(2)
    await nodes[0]!.link.close()
    expect(stage.driver.open).not.toContain('!1')
  })

  it('the driver ends it for everybody, and breaks nothing', async () => {
    const { stage, nodes, heard } = await three()
    await stage.driver.close()
    expect(nodes[0]!.link.status()).toBe('closed')
    const errors: unknown[] = []
    nodes[0]!.hub.on('error', ({ error }) => errors.push(error))
    nodes[0]!.hub.broadcast('orders', 'x')
    await stage.clock.settle()
    expect(heard()).toEqual([[], [], []])
    expect(errors).toEqual([expect.objectContaining({ code: 'closed' })])
    for (const { link } of nodes) await link.close()
    expect(stage.reported).toEqual([])
  })
})

describe('an inbox', () => {
  it('is nothing that a client can subscribe to, or a hub publish to', async () => {
    const stage = new BridgeStage()
    const { hub, connect } = stage.node(17)
    const { client } = connect()
    await expect(hub.subscribe(client, '!17')).rejects.toMatchObject({ code: 'bad-name' })
    await expect(hub.publish({ channel: '!17', data: '{}' })).rejects.toMatchObject({ code: 'bad-name' })
    expect(() => hub.broadcast('!17', '{}')).toThrow('channel name')
    const event: Event = { channel: '!17', payload: '{}' }
    expect(stage.driver.published).not.toContainEqual(event)
  })
})

it('calls off an attempt that follows one that was called off', async () => {
  const signals: SubscribeSignal[] = []
  const driver = {
    subscribe: (_channel: string, _handler: unknown, { signal }: SubscribeOptions) =>
      new Promise((_, reject) => {
        if (!signal) return
        signals.push(signal)
        signal.addEventListener('abort', () => reject(new Error('called off')))
      }),
  }
  let relay: Relay | undefined
  const hub = {
    node: '1',
    attach: (given: Relay) => {
      relay = given
      return () => Promise.resolve()
    },
  }
  bridge(hub as never, driver as never)
  const first = relay?.open('orders')
  relay?.cancel?.('orders')
  const second = relay?.open('orders')
  await expect(first).rejects.toThrow('called off')
  relay?.cancel?.('orders')
  await expect(second).rejects.toThrow('called off')
  expect(signals.slice(1).map(({ aborted }) => aborted)).toEqual([true, true])
})

describe('options', () => {
  it.each([
    ['lingerMs', { lingerMs: -1 }],
    ['outcomeMs', { outcomeMs: 0 }],
    ['linger', { linger: 5 }],
  ])('of a wrong value are refused by name, and the hub stays free: %s', (name, options) => {
    const stage = new BridgeStage()
    const { hub } = stage.hub(1)
    expect(() => bridge(hub, stage.driver, options as never)).toThrow(name)
    bridge(hub, stage.driver, { platform: stage.platform })
  })
})
