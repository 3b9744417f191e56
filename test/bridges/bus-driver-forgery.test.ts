import { nameOnBus } from '@fanfare/broadcasting/driver'
import { describe, expect, it } from 'vitest'

import { BusStage, letter, START } from '../fakes/scripted-bus.ts'

// What somebody who can publish on the bus can do to those who trust the numbers in letters.

const ORDERS = nameOnBus('fanfare', 'orders')

/** Two nodes, the second of which has published three events on `orders`. */
async function staged(options: Parameters<BusStage['driver']>[0] = {}) {
  const stage = new BusStage()
  const [here, there] = [await stage.up(options), await stage.up(options)]
  const listener = stage.listen(here)
  const own = stage.listen(there)
  await stage.clock.settle()
  const publish = async (count: number, prefix: string): Promise<void> => {
    for (let n = 1; n <= count; n++) {
      stage.publish(there, `${prefix}${String(n)}`)
      await stage.after(25)
    }
  }
  await publish(3, 'before')
  const forge = (header: Parameters<typeof letter>[0], subject = ORDERS): void =>
    stage.server.inject(
      subject,
      letter({ o: there.incarnation, d: stage.clock.now() + 2_000, ...header }, 'forged'),
    )
  return { stage, here, there, listener, own, publish, forge }
}

const AFTER = Array.from({ length: 20 }, (_, n) => `after${String(n + 1)}`)

describe('a forged number', () => {
  it.each([
    ['the largest that there is', { s: 2 ** 53 - 1 }],
    ['the largest, after the one that came last', { s: 2 ** 53 - 1, p: 3 }],
    ['the largest, the first of its channel', { s: 2 ** 53 - 1, p: 0 }],
    ['the largest, for ever', { s: 2 ** 53 - 1, d: 2 ** 53 - 1 }],
    ['the largest, too late', { s: 2 ** 53 - 1, d: 0 }],
    ['a large one', { s: 2 ** 40 }],
    ['a thousand too large', { s: 1_003 }],
    ['a thousand too large, after the one that came last', { s: 1_003, p: 3 }],
    ['a thousand too large, the first of its channel', { s: 1_003, p: 0 }],
    ['a thousand too large, and too late', { s: 1_003, d: 0 }],
    ['zero', { s: 0, p: 0 }],
    ['one that is smaller than the one before it', { s: 5, p: 9 }],
    ['a negative one', { s: -1 }],
    ['none', { s: NaN }],
    ['a fraction', { s: 4.5 }],
    ['an old one', { s: 1, p: 0 }],
    ['an old one, of now', { s: 1, p: 0, d: START + 3_000 }],
  ])('silences nobody, and is a gap at worst: %s', async (_, header) => {
    const { stage, listener, publish, forge, here } = await staged()
    forge(header)
    await stage.after(1)
    const heard = listener.heard.length
    await publish(AFTER.length, 'after')
    const rest = listener.heard.slice(heard).filter((what) => what !== '(gap)')
    expect(rest).toEqual(AFTER)
    expect(here.stats().gaps).toBeLessThanOrEqual(3)
  })

  it('of the very millisecond of a real one costs that one at most, which is told of', async () => {
    const { listener, publish, forge } = await staged()
    forge({ s: 1_003 })
    const heard = listener.heard.length
    await publish(AFTER.length, 'after')
    const rest = listener.heard.slice(heard)
    expect(rest[0]).toBe('(gap)')
    expect(rest.filter((what) => what !== '(gap)')).toEqual(AFTER.slice(1))
  })

  it('silences nobody for longer than a moment, if it is chosen with all that is known', async () => {
    const { listener, publish, forge } = await staged()
    // Alive for longer than any that follow, and with the hole before it that makes it look like one that came early.
    forge({ s: 500, p: 499, d: START + 60_000 })
    const heard = listener.heard.length
    await publish(AFTER.length, 'after')
    const rest = listener.heard.slice(heard)
    expect(rest[0]).toBe('(gap)')
    const events = rest.filter((what) => what !== '(gap)')
    expect(events.length).toBeGreaterThanOrEqual(AFTER.length - 8)
    expect(events).toEqual(AFTER.slice(-events.length))
    // What was dropped is told of, just before the first that is believed again.
    expect(rest[rest.indexOf(events[0]!) - 1]).toBe('(gap)')
  })

  it('of a sender that was never heard before silences it no more', async () => {
    const { stage, there, listener, publish } = await staged()
    const late = stage.listen(there, 'invoices')
    const early = stage.listen(await stage.up(), 'invoices')
    await stage.clock.settle()
    stage.server.inject(
      nameOnBus('fanfare', 'invoices'),
      letter({ o: there.incarnation, s: 2 ** 47, d: stage.clock.now() + 2_000 }, 'forged'),
    )
    await stage.after(25)
    for (const payload of ['1', '2', '3']) {
      stage.publish(there, payload, 'invoices')
      await stage.after(25)
    }
    expect(early.heard.filter((what) => !['(gap)', 'forged'].includes(what))).toEqual(['1', '2', '3'])
    expect(late.heard).toEqual(['1', '2', '3'])
    await publish(1, 'after')
    expect(listener.heard.at(-1)).toBe('after1')
  })

  it('in the name of the one who hears it is dropped, and nothing of it is believed', async () => {
    const { own, publish, forge, there, stage } = await staged()
    forge({ s: 2 ** 53 - 1 })
    forge({ s: 1_000, p: 3 })
    forge({ s: 4, p: 3 })
    expect(there.stats()).toMatchObject({ implausible: 3 })
    stage.server.holdMessages = true
    stage.publish(there, 'mine')
    await stage.after(25)
    forge({ s: 4, p: 3 })
    // It is what we sent, whatever somebody else says that it was.
    expect(own.heard.at(-1)).toBe('mine')
    stage.server.holdMessages = false
    await publish(AFTER.length, 'after')
    expect(own.heard.filter((what) => what !== '(gap)').slice(-20)).toEqual(AFTER)
    expect(own.heard).not.toContain('forged')
  })

  it('is one line in the log, and is counted', async () => {
    const { stage, forge, here } = await staged()
    for (let n = 0; n < 50; n++) forge({ s: 2 ** 53 - 1 - n })
    expect(here.stats().implausible).toBe(50)
    expect(stage.logged).toEqual([
      expect.stringContaining('numbers that their sender cannot have given'),
      expect.stringContaining('numbers that their sender cannot have given'),
    ])
  })
})

describe('forged senders', () => {
  it('do not make a node forget those that are real', async () => {
    const { stage, listener, publish, forge } = await staged()
    for (let n = 0; n < 5_000; n++) {
      if (n % 500 === 0) {
        await stage.after(25)
        await publish(1, `real${String(n)}-`)
      }
      forge({ o: `forger-${String(n)}`, s: 1, p: 0 })
    }
    const heard = listener.heard.length
    // A hole in what the real one sent is still seen.
    stage.server.loses = (subject) => subject === ORDERS
    await publish(1, 'lost')
    stage.server.loses = () => false
    await publish(1, 'next')
    expect(listener.heard.slice(heard)).toEqual(['(gap)', 'next1'])
  })

  it.each([
    ['an empty name', { o: '' }],
    ['a name that is too long', { o: 'x'.repeat(65) }],
    ['a number of a node that is none', { h: 'x' }],
    ['a number of a node that is a number', { h: 17 }],
    ['a number of a node that is too long', { h: '1'.repeat(10_000) }],
  ])('with %s are nobody', async (_, header) => {
    const { here, forge, listener } = await staged()
    forge({ s: 4, ...header })
    expect(here.stats()).toMatchObject({ malformed: 1 })
    expect(listener.heard).not.toContain('forged')
  })

  it('take a bounded amount of memory, on all channels together', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const channels = Array.from({ length: 100 }, (_, n) => `channel-${String(n)}`)
    const listeners = channels.map((channel) => stage.listen(driver, channel))
    await stage.clock.settle()
    for (const [index, channel] of channels.entries()) {
      for (let n = 0; n < 1_000; n++) {
        stage.server.inject(
          nameOnBus('fanfare', channel),
          letter({ o: `${String(index)}-${String(n)}`, s: 1 }),
        )
      }
    }
    expect(driver.stats().origins).toBe(65_536)
    // Those of channels that nobody is on any more are forgotten.
    for (const { subscription } of listeners) await subscription?.cancel()
    await stage.clock.settle()
    expect(driver.stats().origins).toBe(0)
  })
})

describe('forged beats', () => {
  it('do not make a wire count as alive that carries nothing of ours', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const [beat] = [...stage.server.wires[0]!.subjects].filter((subject) => subject.includes(':b:'))
    stage.server.loses = (subject) => subject === beat
    for (let ms = 0; ms < 10_000; ms += 250) {
      for (const text of ['', 'beat', '0']) stage.server.inject(beat!, text)
      await stage.after(250)
    }
    expect(driver.stats().connects).toBeGreaterThan(1)
  })
})
