import fc from 'fast-check'
import { nameOnBus } from '@fanfare/broadcasting/driver'
import { describe, expect, it } from 'vitest'

import { BusStage, type Listener, letter } from '../fakes/scripted-bus.ts'

// How a bus driver subscribes, and how it stops.

const on = (channel: string): string => nameOnBus('fanfare', channel)
const ORDERS = on('orders')

async function staged() {
  const stage = new BusStage()
  const driver = await stage.up()
  return { stage, server: stage.server, driver }
}

describe('subscribing', () => {
  it('is done when the server has confirmed it, and gets what is published then', async () => {
    const { stage, server, driver } = await staged()
    server.holdConfirmations = true
    const listener = stage.listen(driver)
    await stage.after(5_000)
    expect(listener.now).toBe('pending')
    server.answer()
    await stage.clock.settle()
    expect(listener.now).toBe('done')
    expect(listener.subscription).toMatchObject({ channel: 'orders', dropped: 0 })
    const published = stage.publish(driver, 'x')
    await stage.clock.settle()
    expect([published.now, listener.heard]).toEqual(['done', ['x']])
  })

  it('tells the server of all that was asked for in a turn at once', async () => {
    const { stage, server, driver } = await staged()
    const listeners = ['a', 'b', 'a', 'c'].map((channel) => stage.listen(driver, channel))
    await Promise.resolve()
    expect(server.log).toEqual([])
    await stage.clock.settle()
    expect(server.log).toEqual([`subscribe ${['a', 'b', 'c'].map(on).join(' ')}`])
    expect(listeners.map(({ now }) => now)).toEqual(['done', 'done', 'done', 'done'])
    await Promise.all(listeners.map(({ subscription }) => subscription!.cancel()))
    await stage.clock.settle()
    expect(server.log.slice(1)).toEqual([`unsubscribe ${['b', 'a', 'c'].map(on).join(' ')}`])
    expect([driver.stats().channels, server.wires[0]!.subjects.size]).toEqual([0, 1])
  })

  it('of a channel that is live already is done at once', async () => {
    const { stage, server, driver } = await staged()
    stage.listen(driver)
    await stage.clock.settle()
    const second = stage.listen(driver)
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
    expect([second.now, server.log]).toEqual(['done', [`subscribe ${ORDERS}`]])
  })

  it('waits for the bus as long as it takes', async () => {
    const stage = new BusStage()
    stage.server.dialling = 'refuse'
    const driver = stage.driver()
    const listener = stage.listen(driver)
    await stage.after(60_000)
    expect(listener.now).toBe('pending')
    stage.server.dialling = 'accept'
    await stage.after(600)
    expect(listener.now).toBe('done')
  })

  it('brings names, payloads and origins as they were published', async () => {
    const { stage, driver } = await staged()
    const { events } = stage.listen(driver)
    await stage.clock.settle()
    const event = {
      channel: 'orders',
      name: 'cre\nated',
      payload: '{"grüße":"🎺"}\n',
      except: ['1.1', '1.2'],
      from: { client: '1.1', user: 'ann' },
      key: 'k',
      id: 'i',
    }
    const bytes = new Uint8Array([0, 255, 10, 13])
    await driver.publish(event)
    await driver.publish({ channel: 'orders', payload: bytes })
    await driver.publish({ channel: 'orders', payload: '' })
    await stage.clock.settle()
    expect(events).toEqual([event, { channel: 'orders', payload: bytes }, { channel: 'orders', payload: '' }])
  })

  it('is refused for what is no name, and allowed for an inbox', async () => {
    const { stage, server, driver } = await staged()
    const bad = ['', 'a b', '!', '!x', '!12345678901', 'a*', 'ä', '!1.2'].map((name) =>
      stage.listen(driver, name),
    )
    const inbox = stage.listen(driver, '!17')
    await stage.clock.settle()
    expect(bad.map(({ now }) => now)).toEqual(bad.map(() => 'bad-name'))
    expect([inbox.now, server.log]).toEqual(['done', [`subscribe ${on('!17')}`]])
  })
})

describe('a subscription that is refused', () => {
  it('is rejected alone', async () => {
    const { stage, server, driver } = await staged()
    server.refuses = (command) => /^subscribe .*secret/.test(command)
    const names = ['a', 'secret', 'b', 'secret', 'secret.2']
    const listeners = names.map((name) => stage.listen(driver, name))
    await stage.clock.settle()
    expect(listeners.map(({ now }) => now)).toEqual(['done', 'refused', 'done', 'refused', 'refused'])
    expect([driver.status(), driver.stats().channels, driver.stats().connects]).toEqual(['up', 2, 1])
    expect(stage.logged).toEqual(['the bus refused a subscription', 'the bus refused a subscription'])
    stage.publish(driver, 'x', 'a')
    await stage.clock.settle()
    expect(listeners[0]!.heard).toEqual(['x'])
  })

  it('can be asked for again', async () => {
    const { stage, server, driver } = await staged()
    server.refuses = (command) => command.startsWith('subscribe')
    const first = stage.listen(driver)
    await stage.clock.settle()
    server.refuses = () => false
    const second = stage.listen(driver)
    await stage.clock.settle()
    expect([first.now, second.now]).toEqual(['refused', 'done'])
  })

  it('keeps nobody subscribed who left while the others were asked for one by one', async () => {
    const { stage, server, driver } = await staged()
    server.refuses = (command) => /^subscribe .*secret/.test(command)
    const signals = [new AbortController(), new AbortController()]
    stage.listen(driver, 'secret')
    const left = [stage.listen(driver, 'a', signals[0]), stage.listen(driver, 'b', signals[1])]
    // The batch was refused, and the first of it is being asked for alone.
    stage.clock.turn()
    while (!server.log.includes(`subscribe ${on('a')}`)) {
      await Promise.resolve()
    }
    for (const controller of signals) controller.abort()
    await stage.clock.settle()
    expect(left.map(({ now }) => now)).toEqual(['cancelled', 'cancelled'])
    expect([...server.wires[0]!.subjects].filter((subject) => subject.includes(':c:'))).toEqual([])
    expect(driver.stats().channels).toBe(0)
  })
})

describe('calling off', () => {
  it('before it is live rejects, and leaves nothing behind', async () => {
    const { stage, server, driver } = await staged()
    server.holdConfirmations = true
    const controller = new AbortController()
    const listener = stage.listen(driver, 'orders', controller)
    await stage.clock.settle()
    controller.abort()
    await stage.clock.settle()
    expect([listener.now, driver.stats().channels]).toEqual(['cancelled', 0])
    expect(server.log).toEqual([`subscribe ${ORDERS}`, `unsubscribe ${ORDERS}`])
    server.answer()
    await stage.clock.settle()
    expect([listener.now, stage.clock.timers]).toEqual(['cancelled', 1])
  })

  it('while the bus is down needs no bus', async () => {
    const stage = new BusStage()
    stage.server.dialling = 'refuse'
    const driver = stage.driver()
    const controller = new AbortController()
    const [one, other] = [stage.listen(driver, 'orders', controller), stage.listen(driver)]
    await stage.clock.settle()
    controller.abort()
    await stage.clock.settle()
    expect([one.now, other.now]).toEqual(['cancelled', 'pending'])
    stage.publish(driver, 'x')
    expect([one.heard, other.heard]).toEqual([[], ['x']])
    stage.server.dialling = 'accept'
    await stage.after(1_000)
    expect(other.now).toBe('done')
  })

  it('before it is asked for sends nothing', async () => {
    const { stage, server, driver } = await staged()
    const listener = stage.listen(driver, 'orders', { signal: AbortSignal.abort() })
    await stage.clock.settle()
    expect([listener.now, server.log, driver.stats().channels]).toEqual(['cancelled', [], 0])
  })

  it('in the very turn never resolves with a subscription that is dead', async () => {
    const { stage, driver } = await staged()
    stage.listen(driver)
    await stage.clock.settle()
    const controller = new AbortController()
    // The channel is live: nothing has to be waited for.
    const listener = stage.listen(driver, 'orders', controller)
    controller.abort()
    await stage.clock.settle()
    expect(listener.now).toBe('cancelled')
    expect(driver.stats().channels).toBe(1)
  })

  it('after it is live changes nothing: that is what cancel is for', async () => {
    const { stage, driver } = await staged()
    const controller = new AbortController()
    const listener = stage.listen(driver, 'orders', controller)
    await stage.clock.settle()
    controller.abort()
    stage.publish(driver, 'x')
    await stage.clock.settle()
    expect([listener.now, listener.heard]).toEqual(['done', ['x']])
  })
})

describe('cancelling', () => {
  it('ends one of several, then the last, and may be done twice', async () => {
    const { stage, server, driver } = await staged()
    const [one, other] = [stage.listen(driver), stage.listen(driver)]
    await stage.clock.settle()
    await one.subscription!.cancel()
    await one.subscription!.cancel()
    stage.publish(driver, 'x')
    await stage.clock.settle()
    expect([one.heard, other.heard]).toEqual([[], ['x']])
    expect(server.log).not.toContain(`unsubscribe ${ORDERS}`)
    await other.subscription!.cancel()
    await stage.clock.settle()
    expect(server.log.at(-1)).toBe(`unsubscribe ${ORDERS}`)
    expect(driver.stats().channels).toBe(0)
  })

  it('lets nothing through that was on its way', async () => {
    const { stage, server, driver } = await staged()
    const listener = stage.listen(driver)
    await stage.clock.settle()
    server.holdMessages = true
    stage.publish(driver, 'x')
    await stage.clock.settle()
    void listener.subscription!.cancel()
    server.deliver()
    await stage.after(3_000)
    expect(listener.heard).toEqual([])
  })

  it('and subscribing again in the same turn keeps the server subscribed', async () => {
    const { stage, server, driver } = await staged()
    const one = stage.listen(driver)
    await stage.clock.settle()
    void one.subscription!.cancel()
    const again = stage.listen(driver)
    await stage.clock.settle()
    stage.publish(driver, 'x')
    await stage.clock.settle()
    expect([again.now, again.heard, one.heard]).toEqual(['done', ['x'], []])
    expect(server.log).not.toContain(`unsubscribe ${ORDERS}`)
  })

  it('and subscribing again later is not live by what the old subscription still brings', async () => {
    const { stage, server, driver } = await staged()
    const one = stage.listen(driver)
    await stage.clock.settle()
    await one.subscription!.cancel()
    await stage.clock.settle()
    server.holdConfirmations = true
    const again = stage.listen(driver)
    await stage.clock.settle()
    // As if it had been on its way since before the server heard of the cancelling.
    server.inject(ORDERS, letter({ s: 1 }))
    await stage.clock.settle()
    expect(again.now).toBe('pending')
    server.answer()
    await stage.clock.settle()
    expect(again.now).toBe('done')
  })

  it('from within a handler is the end of it', async () => {
    const { stage, server, driver } = await staged()
    const listener = stage.listen(driver, 'orders', {
      answer: () => void listener.subscription!.cancel(),
    })
    await stage.clock.settle()
    server.inject(ORDERS, letter({ s: 1 }))
    server.inject(ORDERS, letter({ s: 2 }))
    expect(listener.heard).toEqual(['s1'])
  })
})

describe('coming and going at random', () => {
  const step = fc.record({
    what: fc.constantFrom('listen', 'listen', 'leave', 'settle', 'lose', 'silence', 'refuse', 'wait'),
    which: fc.nat(20),
  })

  it('leaves the server with what is wanted, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const { stage, server, driver } = await staged()
        const wanted: { listener: Listener; controller: AbortController; channel: string }[] = []
        const left: Listener[] = []
        const acts: Record<string, (which: number) => unknown> = {
          listen: (which) => {
            const [controller, channel] = [new AbortController(), `c${String(which % 3)}`]
            wanted.push({ controller, channel, listener: stage.listen(driver, channel, controller) })
          },
          leave: (which) => {
            const [gone] = wanted.splice(which % Math.max(1, wanted.length), 1)
            if (gone) left.push(gone.listener)
            gone?.controller.abort()
            void gone?.listener.subscription?.cancel()
          },
          settle: () => stage.clock.settle(),
          lose: () => server.lose(),
          silence: () => (server.silent = !server.silent),
          refuse: () => (server.dialling = server.dialling === 'refuse' ? 'accept' : 'refuse'),
          wait: (which) => stage.after(100 * which),
        }
        for (const { what, which } of steps) await acts[what]!(which)
        server.silent = false
        server.dialling = 'accept'
        await stage.clock.settle()
        // Called off when it was decided already, and only the caller did not know yet.
        for (const { subscription } of left) await subscription?.cancel()
        await stage.after(6_000)
        for (const { now } of left) expect(['done', 'cancelled']).toContain(now)
        const channels = [...new Set(wanted.map(({ channel }) => channel))].sort()
        const subjects = [...server.wires[0]!.subjects].filter((subject) => subject.includes(':c:')).sort()
        expect(subjects).toEqual(channels.map(on).sort())
        expect(driver.stats()).toMatchObject({ channels: channels.length, unsettled: 0, queuedBytes: 0 })
        expect(wanted.map(({ listener }) => listener.now)).toEqual(wanted.map(() => 'done'))
        stage.publish(driver, 'last', 'c0')
        await stage.clock.settle()
        for (const { listener, channel } of wanted)
          expect(listener.heard.includes('last')).toBe(channel === 'c0')
        expect([server.wires.length, driver.status()]).toEqual([1, 'up'])
        await driver.close()
        expect([stage.clock.timers, server.wires.length]).toEqual([0, 0])
      }),
      { numRuns: 60 },
    )
  })
})
