import { FanfareError, type Message } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { ScriptedRelay } from '../fakes/scripted-relay.ts'

/** A hub with a relay whose calls come to an end when the test says so. */
function relayedHub(options: Parameters<typeof testHub>[0] = {}) {
  const kit = testHub(options)
  const relay = new ScriptedRelay()
  const detach = kit.hub.attach(relay)
  return { ...kit, relay, detach }
}

/** What became of a promise: `pending`, `done`, or the code of its error. */
function outcomeOf(promise: Promise<void>): { now: string } {
  const outcome = { now: 'pending' }
  promise.then(
    () => (outcome.now = 'done'),
    (error: { code?: string; message: string }) => (outcome.now = error.code ?? error.message),
  )
  return outcome
}

describe('a message', () => {
  it('goes to the relay, and to the clients only when it comes back', async () => {
    const { hub, clock, connect, relay } = relayedHub()
    relay.eager()
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'x', { except: '9.9', key: 'k' })
    await hub.publish({ channel: 'orders', event: 'paid', data: '1', id: 'm1' })
    clock.turn()
    expect(conn.received).toEqual([])
    expect(relay.published).toEqual([
      { channel: 'orders', data: 'x', except: ['9.9'], key: 'k' },
      { channel: 'orders', event: 'paid', data: '1', id: 'm1' },
    ])
    for (const message of relay.published) hub.deliver(message)
    clock.turn()
    expect(conn.received).toEqual(['x', '1'])
  })

  it('goes to the relay once per channel, and even where nobody here is subscribed', () => {
    const { hub, relay } = relayedHub()
    hub.broadcast(['a', 'b'], 'x')
    expect(relay.published.map(({ channel }) => channel)).toEqual(['a', 'b'])
  })

  it('comes back with its exceptions: they hold on the node where the client is', async () => {
    const { hub, clock, connect, relay } = relayedHub()
    relay.eager()
    const [ann, ben] = [connect(), connect()]
    for (const { client } of [ann, ben]) await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'x', { except: ann.client.id })
    hub.deliver(relay.published[0]!)
    clock.turn()
    expect([ann.conn.received, ben.conn.received]).toEqual([[], ['x']])
  })

  it('for one client alone does not go through the relay', () => {
    const { hub, clock, connect, relay } = relayedHub()
    const { client, conn } = connect()
    hub.sendTo(client.id, 'a')
    client.send('b')
    clock.turn()
    expect(conn.received).toEqual(['a', 'b'])
    expect(relay.published).toEqual([])
  })

  it('is published when the relay has it, not before', async () => {
    const { hub, clock, relay } = relayedHub()
    const outcome = outcomeOf(hub.publish({ channel: 'orders', data: '1' }))
    await clock.settle()
    expect(outcome.now).toBe('pending')
    relay.succeed('publish orders')
    await clock.settle()
    expect(outcome.now).toBe('done')
  })

  it('whose publish fails is rejected with the error of the relay', async () => {
    const { hub, clock, relay, reported } = relayedHub()
    const outcome = outcomeOf(hub.publish({ channel: 'orders', data: '1' }))
    relay.fail('publish orders', new FanfareError('refused', 'the bus is full'))
    await clock.settle()
    expect(outcome.now).toBe('refused')
    expect(reported).toEqual([])
  })

  it('whose broadcast fails is an error event: nobody waits for it', async () => {
    const { hub, clock, relay } = relayedHub()
    const errors: unknown[] = []
    hub.on('error', (event) => errors.push(event))
    hub.broadcast('orders', 'x')
    const error = new Error('bus down')
    relay.fail('publish orders', error)
    await clock.settle()
    expect(errors).toEqual([{ error, where: 'relay', channel: 'orders' }])
  })

  it('survives a relay that throws instead of rejecting', async () => {
    const { hub, clock } = testHub()
    const errors: unknown[] = []
    hub.on('error', ({ where }) => errors.push(where))
    const broken = (): never => {
      throw new Error('not even a promise')
    }
    hub.attach({ publish: broken, open: broken, close: broken })
    expect(() => hub.broadcast('orders', 'x')).not.toThrow()
    await expect(hub.publish({ channel: 'orders', data: '1' })).rejects.toThrow('not even a promise')
    await clock.settle()
    expect(errors).toEqual(['relay'])
  })
})

describe('what comes back', () => {
  it('is delivered in the order of its coming', async () => {
    const { hub, clock, connect, relay } = relayedHub()
    relay.eager()
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    for (const text of ['1', '2', '3']) hub.broadcast('orders', text)
    for (const message of [...relay.published].reverse()) hub.deliver(message)
    clock.turn()
    expect(conn.received).toEqual(['3', '2', '1'])
  })

  it('may come late: after everybody left, after detaching, after the end. Then it is nothing', async () => {
    const { hub, clock, connect, relay, detach, reported } = relayedHub()
    relay.eager()
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'x')
    const echo = relay.published[0]!
    hub.unsubscribe(client, 'orders')
    hub.deliver(echo)
    clock.turn()
    expect(conn.received).toEqual([])
    await detach()
    hub.deliver(echo)
    void hub.close()
    await clock.settle()
    hub.deliver(echo)
    hub.gap('orders')
    clock.turn()
    expect(conn.received).toEqual([])
    expect(reported).toEqual([])
  })

  it('is delivered as often as it comes: to recognise an echo is for the bridge, which knows the id', async () => {
    const { hub, clock, connect, relay } = relayedHub()
    relay.eager()
    const { client, conn } = connect()
    await hub.subscribe(client, 'orders')
    const message: Message = { channel: 'orders', data: 'x', id: 'm1' }
    hub.deliver(message)
    hub.deliver(message)
    clock.turn()
    expect(conn.received).toEqual(['x', 'x'])
  })

  it('during a delivery is delivered after it', async () => {
    const { hub, clock, connect, relay } = relayedHub()
    relay.eager()
    const two = [connect(), connect()]
    for (const { client } of two) await hub.subscribe(client, 'orders')
    const { publish } = relay
    // A bus inside the process: it calls back before `publish` returns.
    relay.publish = (message) => {
      hub.deliver(message)
      return publish.call(relay, message)
    }
    hub.on('drop', () => hub.broadcast('orders', 'from a listener'))
    hub.broadcast('orders', 'first')
    two[0]!.client.tell({ on: 'pong' })
    clock.turn()
    expect(two.map(({ conn }) => conn.received)).toEqual([['first'], ['first']])
  })
})

describe('a hub', () => {
  it('has one relay at a time', async () => {
    const { hub, detach } = relayedHub()
    const attach = (): unknown => hub.attach(new ScriptedRelay())
    expect(attach).toThrow(FanfareError)
    expect(attach).toThrow(expect.objectContaining({ code: 'relay-attached' }))
    await detach()
    expect(attach).not.toThrow()
  })

  it('tells how many channels it holds with its relay', async () => {
    const { hub, clock, connect, relay } = relayedHub()
    expect(hub.stats().relayedChannels).toBe(0)
    const { client } = connect()
    for (const channel of ['a', 'b']) outcomeOf(hub.subscribe(client, channel))
    relay.succeed('open a')
    await clock.settle()
    expect(hub.stats().relayedChannels).toBe(2)
    client.close()
    await clock.settle()
    expect(hub.stats().relayedChannels).toBe(0)
  })
})

describe('detaching', () => {
  it('lets go of every channel, and from then on messages stay here', async () => {
    const { hub, clock, connect, relay, detach } = relayedHub()
    const { client, conn } = connect()
    for (const channel of ['a', 'b']) {
      void hub.subscribe(client, channel)
      relay.succeed(`open ${channel}`)
    }
    await clock.settle()
    const gone = outcomeOf(detach())
    hub.broadcast('a', 'local')
    clock.turn()
    expect(conn.received).toEqual(['local'])
    expect(relay.published).toEqual([])
    expect(relay.pending).toEqual(['close a', 'close b'])
    relay.succeed('close a')
    await clock.settle()
    expect(gone.now).toBe('pending')
    relay.succeed('close b')
    await clock.settle()
    expect(gone.now).toBe('done')
    expect(hub.stats().relayedChannels).toBe(0)
  })

  it('waits for an open that still runs, closes what it opened, and only then is done', async () => {
    const { hub, clock, connect, relay, detach } = relayedHub()
    const { client } = connect({ protocol: outspoken() })
    void hub.subscribe(client, 'a')
    const gone = outcomeOf(detach())
    await clock.settle()
    expect([gone.now, relay.pending]).toEqual(['pending', ['open a']])
    relay.succeed('open a')
    await clock.settle()
    expect([gone.now, relay.pending]).toEqual(['pending', ['close a']])
    relay.succeed('close a')
    await clock.settle()
    expect(gone.now).toBe('done')
    expect(relay.overlaps).toEqual([])
  })

  it('lets in at once whoever was waiting for the relay', async () => {
    const { hub, clock, connect, relay, detach } = relayedHub()
    const { client } = connect()
    const outcome = outcomeOf(hub.subscribe(client, 'a'))
    void detach()
    await clock.settle()
    expect([outcome.now, client.channels]).toEqual(['done', ['a']])
    relay.fail('open a')
    await clock.settle()
    hub.unsubscribe(client, 'a')
    expect(hub.channels()).toEqual([])
    clock.advance(10_000)
    expect(relay.log.filter((call) => call.startsWith('open'))).toEqual(['open a'])
    expect(clock.timers).toBe(0)
  })

  it('is done even if closing fails: that is reported', async () => {
    const { hub, clock, connect, relay, detach, reported } = relayedHub()
    void hub.subscribe(connect().client, 'a')
    relay.succeed('open a')
    await clock.settle()
    const gone = outcomeOf(detach())
    relay.fail('close a', new Error('no close'))
    await clock.settle()
    expect(gone.now).toBe('done')
    expect(reported).toEqual([new Error('no close')])
  })

  it('may be done twice, and a second time after another relay came', async () => {
    const { hub, connect, relay, detach } = relayedHub()
    relay.eager()
    await hub.subscribe(connect().client, 'a')
    await detach()
    const second = new ScriptedRelay().eager()
    hub.attach(second)
    await detach()
    hub.broadcast('a', 'x')
    expect(second.published).toHaveLength(1)
    expect(relay.log).toEqual(['open a', 'close a'])
    expect(second.log).toEqual(['open a'])
  })
})

describe('a relay that is attached later', () => {
  it('opens what is subscribed already, and tells a gap when each is live', async () => {
    const { hub, clock, connect } = testHub()
    const { client, conn } = connect({ protocol: outspoken() })
    for (const channel of ['a', 'b']) await hub.subscribe(client, channel)
    clock.turn()
    conn.take()
    const relay = new ScriptedRelay()
    hub.attach(relay)
    expect(relay.log).toEqual(['open a', 'open b'])
    relay.succeed('open b')
    await clock.settle()
    expect(conn.take()).toEqual(['gap b 0 bus'])
    relay.succeed('open a')
    await clock.settle()
    expect(conn.take()).toEqual(['gap a 0 bus'])
    hub.unsubscribe(client, 'a')
    expect(relay.pending).toEqual(['close a'])
  })

  it('opens what is being asked for, once, whatever became of it', async () => {
    let answer: (allowed: boolean) => void = () => {}
    const { hub, clock, connect } = testHub({
      authorizer: () => new Promise<boolean>((resolve) => (answer = resolve)),
    })
    const { client } = connect()
    const outcome = outcomeOf(hub.subscribe(client, 'private-a'))
    await clock.settle()
    const relay = new ScriptedRelay()
    hub.attach(relay)
    expect(relay.log).toEqual(['open private-a'])
    answer(false)
    await clock.settle()
    expect(outcome.now).toBe('unauthorized')
    relay.succeed('open private-a')
    await clock.settle()
    expect(relay.log).toEqual(['open private-a', 'close private-a'])
    expect(relay.overlaps).toEqual([])
  })
})
