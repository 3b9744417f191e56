import { nameOnBus } from '@fanfare/broadcasting/driver'
import { describe, expect, it } from 'vitest'

import { BusStage, letter, statusesOf } from '../fakes/scripted-bus.ts'

// What a bus driver does while the bus is down, and when it is back.

const ORDERS = nameOnBus('fanfare', 'orders')

describe('when the bus is back', () => {
  it('everything is subscribed to in one batch, before the driver is up', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const channels = ['a', 'b', 'c', 'd']
    for (const channel of channels) stage.listen(driver, channel)
    await stage.clock.settle()
    stage.server.log.length = 0
    stage.server.lose()
    expect(driver.status()).toBe('degraded')
    await stage.after(1_000)
    expect(driver.status()).toBe('up')
    expect(stage.server.log).toEqual([
      `subscribe ${channels.map((name) => nameOnBus('fanfare', name)).join(' ')}`,
    ])
  })

  it('each that was live is told of one gap, before the first new event', async () => {
    const stage = new BusStage()
    const [driver, other] = [await stage.up(), await stage.up()]
    const listeners = [stage.listen(driver), stage.listen(driver), stage.listen(driver, 'quiet')]
    await stage.clock.settle()
    stage.publish(other, 'before')
    await stage.clock.settle()
    stage.server.lose()
    await stage.after(1_000)
    stage.publish(other, 'after')
    await stage.after(1_000)
    expect(listeners.map(({ heard }) => heard)).toEqual([
      ['before', '(gap)', 'after'],
      ['before', '(gap)', 'after'],
      ['(gap)'],
    ])
    expect(driver.stats().gaps).toBe(2)
  })

  it('the gap comes before what is received while the confirmation is under way', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdConfirmations = true
    stage.server.lose()
    await stage.after(1_000)
    stage.server.inject(ORDERS, letter({ s: 9 }))
    expect(heard).toEqual(['(gap)', 's9'])
    stage.server.answer()
    await stage.clock.settle()
    expect([heard, driver.status()]).toEqual([['(gap)', 's9'], 'up'])
  })

  it('the gap is told once for several losses in a row, and once more for each that follows something', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdConfirmations = true
    for (let n = 0; n < 3; n++) {
      stage.server.lose()
      await stage.after(1_000)
    }
    expect(heard).toEqual([])
    // Heard on a wire that was never confirmed: what comes after its loss is another gap.
    stage.server.inject(ORDERS, letter({ s: 1 }))
    stage.server.lose()
    stage.server.holdConfirmations = false
    await stage.after(1_000)
    expect([heard, driver.status()]).toEqual([['(gap)', 's1', '(gap)'], 'up'])
  })

  it('those who asked meanwhile become live, and were told of no gap if they are the first', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    stage.server.dialling = 'refuse'
    stage.server.lose()
    const listener = stage.listen(driver)
    await stage.after(5_000)
    expect(listener.now).toBe('pending')
    stage.server.dialling = 'accept'
    await stage.after(600)
    expect([listener.now, listener.heard]).toEqual(['done', []])
  })

  it('those who left meanwhile are not subscribed to', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const [gone, stays] = [stage.listen(driver, 'gone'), stage.listen(driver, 'stays')]
    await stage.clock.settle()
    stage.server.log.length = 0
    stage.server.lose()
    await gone.subscription!.cancel()
    await stage.after(1_000)
    expect(stage.server.log).toEqual([`subscribe ${nameOnBus('fanfare', 'stays')}`])
    expect([gone.heard, stays.heard, driver.stats().channels]).toEqual([[], ['(gap)'], 1])
  })

  it('and lost again in the middle of that, it begins anew', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    const statuses = statusesOf(driver)
    stage.server.holdConfirmations = true
    stage.server.lose()
    await stage.after(1_000)
    stage.server.lose()
    // An answer from the wire that is gone means nothing.
    stage.server.answer()
    await stage.clock.settle()
    expect(statuses).toEqual(['degraded'])
    stage.server.holdConfirmations = false
    await stage.after(1_000)
    expect([statuses, heard]).toEqual([['degraded', 'up'], ['(gap)']])
    expect(stage.logged).toEqual(['the bus is lost', 'the bus is lost', 'the bus is back'])
  })

  it('a subscription that is refused now is given up alone, and was told of the gap', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const [secret, open] = [stage.listen(driver, 'secret'), stage.listen(driver, 'open')]
    await stage.clock.settle()
    stage.server.refuses = (command) => /^subscribe .*secret/.test(command)
    stage.server.lose()
    await stage.after(1_000)
    expect([driver.status(), secret.heard, open.heard]).toEqual(['up', ['(gap)'], ['(gap)']])
    expect(driver.stats().channels).toBe(1)
    await secret.subscription!.cancel()
    expect(stage.logged).toEqual(['the bus is lost', 'the bus refused a subscription', 'the bus is back'])
  })

  it('a wire on which subscribing fails is given up', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const [wire] = stage.server.wires
    wire!.subscribe = () => Promise.reject(new Error('protocol error'))
    const listener = stage.listen(driver)
    await stage.clock.settle()
    expect([wire!.over, driver.status(), listener.now]).toEqual([true, 'degraded', 'pending'])
    await stage.after(1_000)
    expect([driver.status(), listener.now]).toEqual(['up', 'done'])
  })

  it('after many outages nothing has piled up', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    for (let n = 0; n < 20; n++) {
      stage.publish(driver, `e${String(n)}`)
      if (n % 2 === 0) stage.server.lose()
      else stage.server.silent = true
      stage.publish(driver, `f${String(n)}`)
      await stage.after(5_000)
      stage.server.silent = false
      await stage.after(1_000)
    }
    expect(driver.stats()).toMatchObject({ connects: 21, unsettled: 0, queuedBytes: 0 })
    // The beat's alone.
    expect(stage.clock.timers).toBe(1)
    expect(stage.server.wires).toHaveLength(1)
    const events = heard.filter((payload) => payload !== '(gap)')
    expect(events).toEqual(Array.from({ length: 20 }, (_, n) => [`e${String(n)}`, `f${String(n)}`]).flat())
  })
})

describe('while the bus is down', () => {
  it('what is published here is delivered here at once, in order, also before it was ever up', async () => {
    const stage = new BusStage()
    stage.server.dialling = 'refuse'
    const driver = stage.driver()
    const { heard } = stage.listen(driver)
    for (const payload of ['1', '2', '3']) {
      stage.publish(driver, payload)
      expect(heard.at(-1)).toBe(payload)
    }
    await stage.clock.settle()
    expect([heard, driver.status()]).toEqual([['1', '2', '3'], 'degraded'])
  })

  it('what waits reaches the others when it is back in time, in order, and nobody twice', async () => {
    const stage = new BusStage()
    const [driver, other] = [await stage.up(), await stage.up()]
    const [mine, theirs] = [stage.listen(driver), stage.listen(other)]
    await stage.clock.settle()
    stage.server.wires[0]!.lose()
    const published = ['1', '2', '3'].map((payload) => stage.publish(driver, payload))
    expect(mine.heard).toEqual(['1', '2', '3'])
    expect(theirs.heard).toEqual([])
    await stage.after(1_000)
    expect(published.map(({ now }) => now)).toEqual(['done', 'done', 'done'])
    expect([mine.heard, theirs.heard]).toEqual([
      ['1', '2', '3', '(gap)'],
      ['1', '2', '3'],
    ])
    await stage.after(3_000)
    expect(driver.stats()).toMatchObject({ published: 3, refused: 0, unknown: 0, queuedBytes: 0 })
  })

  it('what a handler publishes in answer follows on the bus, too', async () => {
    const stage = new BusStage()
    const [driver, other] = [await stage.up(), await stage.up()]
    const theirs = stage.listen(other)
    const mine = stage.listen(driver, 'orders', {
      answer: (what) => {
        if (/^\d$/.test(what)) stage.publish(driver, `${what}!`)
      },
    })
    const second = stage.listen(driver)
    await stage.clock.settle()
    stage.server.wires[0]!.lose()
    for (const payload of ['1', '2']) stage.publish(driver, payload)
    await stage.after(1_000)
    const all = ['1', '1!', '2', '2!']
    expect([mine.heard, second.heard, theirs.heard]).toEqual([[...all, '(gap)'], [...all, '(gap)'], all])
  })

  it('a gap that is told while a handler publishes comes in the same order to all', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const first = stage.listen(driver, 'orders', {
      answer: (what) => {
        if (what === '(gap)') stage.publish(driver, 'refetch')
      },
    })
    const second = stage.listen(driver)
    await stage.clock.settle()
    stage.server.lose()
    await stage.after(1_000)
    expect([first.heard, second.heard]).toEqual([
      ['(gap)', 'refetch'],
      ['(gap)', 'refetch'],
    ])
  })
})

describe('when the bus is lost', () => {
  it('what was under way is delivered here then, in order, before anything that is published after it', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdMessages = true
    // Whoever hears of the loss first publishes first.
    driver.onStatus((status) => {
      if (status === 'degraded') stage.publish(driver, 'in the moment of the loss')
    })
    const published = ['1', '2', '3'].map((payload) => stage.publish(driver, payload))
    expect(heard).toEqual([])
    stage.server.lose()
    stage.publish(driver, '4')
    expect(heard).toEqual(['1', '2', '3', 'in the moment of the loss', '4'])
    await stage.clock.settle()
    expect(published.map(({ now }) => now)).toEqual(['unknown', 'unknown', 'unknown'])
  })

  it('what had its answer, and not its echo, is delivered here, too', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdMessages = true
    const published = stage.publish(driver, '1')
    await stage.clock.settle()
    expect([published.now, heard]).toEqual(['done', []])
    stage.server.lose()
    expect([published.now, heard]).toEqual(['done', ['1']])
  })

  it('a late echo is dropped: nothing comes twice', async () => {
    const stage = new BusStage()
    const [driver, other] = [await stage.up(), await stage.up()]
    const [mine, theirs] = [stage.listen(driver), stage.listen(other)]
    await stage.clock.settle()
    stage.server.holdMessages = true
    stage.publish(driver, '1')
    await stage.clock.settle()
    const echo = stage.server.messages.find(({ wire }) => wire === stage.server.wires[0])!.text
    stage.server.deliver((messages) => messages.filter(({ wire }) => wire === stage.server.wires[1]))
    stage.server.holdMessages = false
    stage.server.wires[0]!.lose()
    await stage.after(1_000)
    stage.server.inject(ORDERS, echo)
    stage.publish(driver, '2')
    await stage.clock.settle()
    expect(mine.heard).toEqual(['1', '(gap)', '2'])
    expect(theirs.heard).toEqual(['1', '2'])
    expect([driver.stats().stale, other.stats().stale]).toEqual([1, 1])
  })

  it('found late, it is two gaps however much was delivered here meanwhile: at the first, and before what comes then', async () => {
    const stage = new BusStage()
    const [driver, other] = [await stage.up(), await stage.up()]
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdMessages = true
    const mine = Array.from({ length: 20 }, (_, n) => String(n))
    for (const payload of mine) {
      stage.publish(driver, payload)
      await stage.after(10)
    }
    stage.publish(other, 'theirs, in the middle')
    await stage.after(2_100)
    expect(heard).toEqual(['0', '(gap)', ...mine.slice(1)])
    stage.server.holdMessages = false
    stage.server.deliver((messages) => messages)
    expect(heard).toEqual(['0', '(gap)', ...mine.slice(1), '(gap)', 'theirs, in the middle'])
    expect(driver.stats()).toMatchObject({ gaps: 2, stale: 20 })
  })

  it('a handler that publishes while what was under way is delivered does not overtake the rest', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    stage.listen(driver, 'orders', {
      answer: (what) => {
        if (what === '1') stage.publish(driver, 'answer')
      },
    })
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdMessages = true
    for (const payload of ['1', '2', '3']) stage.publish(driver, payload)
    stage.server.lose()
    expect(heard).toEqual(['1', '2', '3', 'answer'])
  })

  it('what whoever is not yet live is owed is nothing', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    stage.server.holdConfirmations = true
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdMessages = true
    stage.publish(driver, 'before it was live')
    await stage.clock.settle()
    stage.server.lose()
    expect(heard).toEqual([])
  })
})
