import { nameOnBus } from '@fanfare/broadcasting/driver'
import { describe, expect, it } from 'vitest'

import { BusStage, outcomeOf, statusesOf } from '../fakes/scripted-bus.ts'

// How a bus driver connects, knows that it is connected, and closes.

/** A stage on which every attempt to connect waits for the test. */
function asking() {
  const stage = new BusStage()
  stage.server.dialling = 'ask'
  return { stage, server: stage.server, driver: stage.driver() }
}

describe('connecting', () => {
  it('begins at once, and is up when the driver has heard itself', async () => {
    const { stage, server, driver } = asking()
    const statuses = statusesOf(driver)
    expect([driver.status(), server.dials.length]).toEqual(['connecting', 1])
    server.dials[0]!.accept()
    await stage.clock.settle()
    expect([driver.status(), statuses, driver.stats().connects]).toEqual(['up', ['up'], 1])
  })

  it('does not count before a beat has come back, though the server answers', async () => {
    const stage = new BusStage()
    stage.server.loses = (subject) => subject.includes(':b:')
    const driver = stage.driver()
    await stage.after(5_000)
    expect([driver.status(), driver.stats().connects]).toEqual(['degraded', 0])
    stage.server.loses = () => false
    await stage.after(1_000)
    expect([driver.status(), driver.stats().connects]).toEqual(['up', 1])
  })

  it('does not count before a beat has come back through each of its connections', async () => {
    const stage = new BusStage()
    stage.server.connections = 3
    stage.server.loses = (subject) => subject.endsWith('-2')
    const driver = stage.driver()
    await stage.after(1_500)
    expect(driver.status()).toBe('connecting')
    stage.server.loses = () => false
    await stage.after(1_000)
    expect(driver.status()).toBe('up')
  })

  it('is tried again without waiting for the attempts before; the first that hears itself wins', async () => {
    const { stage, server, driver } = asking()
    await stage.after(1_100)
    const [first, second, third] = server.dials
    expect(server.dials.length).toBeGreaterThanOrEqual(3)
    second!.accept()
    await stage.clock.settle()
    expect(driver.status()).toBe('up')
    expect([first!.abandoned, third!.abandoned]).toEqual([true, true])
    expect(server.wires).toEqual([second!.wire])
    // One that is accepted after all is cut.
    const late = first!.accept()
    await stage.clock.settle()
    const count = server.dials.length
    await stage.after(10_000)
    expect([late.subjects.size, driver.stats().connects, server.dials.length]).toEqual([0, 1, count])
    expect(driver.status()).toBe('up')
  })

  it('cuts wires that have not heard themselves when another has', async () => {
    const { stage, server } = asking()
    const deaf = server.dials[0]!.accept()
    deaf.deaf = true
    await stage.after(600)
    server.dials[1]!.accept()
    await stage.clock.settle()
    expect(deaf.over).toBe(true)
    expect(server.wires).toEqual([server.dials[1]!.wire])
  })

  it('gives an attempt up after connectTimeoutMs, wherever it stands', async () => {
    const stage = new BusStage()
    stage.server.dialling = 'ask'
    stage.driver({ connectTimeoutMs: 700, reconnectDelayMs: 60_000 })
    const [dial] = stage.server.dials
    await stage.after(600)
    const wire = dial!.accept()
    wire.deaf = true
    expect([dial!.abandoned, wire.over]).toEqual([false, false])
    await stage.after(200)
    expect([dial!.abandoned, wire.over]).toEqual([true, true])
  })

  it('goes on for ever, with half to whole reconnectDelayMs between two attempts', async () => {
    const stage = new BusStage()
    stage.server.dialling = 'refuse'
    const at: number[] = []
    const { dial } = stage.server.bus
    const bus = stage.server.bus as { dial: typeof dial }
    bus.dial = (...args) => {
      at.push(stage.clock.monotonic())
      return dial(...args)
    }
    const driver = stage.driver({ reconnectDelayMs: 400 })
    await stage.after(60_000)
    const delays = at.slice(1).map((moment, n) => moment - at[n]!)
    expect(delays.length).toBeGreaterThan(60_000 / 400 - 5)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(200)
    expect(Math.max(...delays)).toBeLessThanOrEqual(400)
    expect(new Set(delays).size).toBeGreaterThan(20)
    expect(driver.status()).toBe('degraded')
    // Told once, though it failed a hundred times.
    expect(stage.logged).toEqual(['the bus cannot be reached'])
  })

  it('tells each new reason for which it fails', async () => {
    const { stage, server } = asking()
    server.dials[0]!.refuse('no route')
    await stage.after(600)
    server.dials.at(-1)!.refuse('no route')
    await stage.after(600)
    server.dials.at(-1)!.refuse('bad password')
    await stage.clock.settle()
    expect(stage.logged).toEqual(['the bus cannot be reached', 'the bus cannot be reached'])
  })

  it('survives a dial that throws', async () => {
    const stage = new BusStage()
    const { dial } = stage.server.bus
    const bus = stage.server.bus as { dial: typeof dial }
    bus.dial = () => {
      throw new Error('no such host')
    }
    const driver = stage.driver()
    await stage.clock.settle()
    expect(driver.status()).toBe('degraded')
    bus.dial = dial
    await stage.after(600)
    expect(driver.status()).toBe('up')
  })
})

describe('silence', () => {
  it('is found within 5 s, and everything is made anew', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    await stage.after(7_300)
    const [wire] = stage.server.wires
    stage.server.silent = true
    await stage.after(3_000)
    expect(driver.status()).toBe('up')
    await stage.after(2_000)
    expect([driver.status(), wire!.over, stage.logged]).toEqual(['degraded', true, ['the bus is lost']])
    stage.server.silent = false
    await stage.after(600)
    expect([driver.status(), driver.stats().connects]).toEqual(['up', 2])
  })

  it('of one connection among several is enough', async () => {
    const stage = new BusStage()
    stage.server.connections = 2
    const driver = await stage.up()
    stage.server.loses = (subject) => subject.includes(':b:') && subject.endsWith('-1')
    await stage.after(5_000)
    expect(driver.status()).toBe('degraded')
  })

  it('is found also when the server refuses beats', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    stage.server.refuses = (command) => command.startsWith('publish') && command.includes(':b:')
    await stage.after(5_000)
    expect(driver.status()).toBe('degraded')
  })

  it('is what beat says it is', async () => {
    const stage = new BusStage()
    const driver = await stage.up({ beat: { intervalMs: 100, silentMs: 250 } })
    stage.server.silent = true
    await stage.after(600)
    expect(driver.status()).toBe('degraded')
  })

  it('is not what a process hears that was not running', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const statuses = statusesOf(driver)
    for (let n = 0; n < 5; n++) {
      stage.stall(20_000)
      // The timer comes first, and what was received meanwhile after it.
      stage.clock.advance(1_000)
      await stage.after(1_500)
    }
    expect(statuses).toEqual([])
    expect(driver.stats().connects).toBe(1)
  })

  it('is found after a stall, too', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    stage.server.silent = true
    stage.stall(20_000)
    stage.clock.advance(1_000)
    expect(driver.status()).toBe('up')
    await stage.after(6_000)
    expect(driver.status()).toBe('degraded')
  })

  it('does not come about while all is well, for as long as one likes', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    await stage.after(120_000)
    expect([driver.status(), driver.stats().connects, stage.logged]).toEqual(['up', 1, []])
  })
})

describe('the status', () => {
  it('is told to each listener until it is cancelled, also when one throws', async () => {
    const stage = new BusStage()
    const driver = stage.driver()
    driver.onStatus(() => {
      throw new Error('listener')
    })
    const statuses = statusesOf(driver)
    const cancelled: string[] = []
    const cancel = driver.onStatus((status) => cancelled.push(status))
    await stage.clock.settle()
    cancel()
    stage.server.lose()
    await stage.after(1_000)
    await driver.close()
    expect(statuses).toEqual(['up', 'degraded', 'up', 'closed'])
    expect(cancelled).toEqual(['up'])
    expect(stage.logged.filter((line) => line === 'a status listener failed')).toHaveLength(4)
  })

  it('is up only when everything is subscribed to again', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdConfirmations = true
    stage.server.lose()
    await stage.after(1_000)
    expect([driver.status(), driver.stats().connects]).toEqual(['degraded', 2])
    stage.server.answer()
    await stage.clock.settle()
    expect(driver.status()).toBe('up')
  })
})

describe('closing', () => {
  it('gets out what was published, then disconnects, and leaves nothing behind', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    const other = await stage.up()
    const { heard } = stage.listen(other)
    const mine = stage.listen(driver)
    await stage.clock.settle()
    const published = stage.publish(driver, 'last words')
    const closed = outcomeOf(driver.close())
    expect(driver.status()).toBe('closed')
    await stage.clock.settle()
    expect([published.now, closed.now, heard, mine.heard]).toEqual(['done', 'done', ['last words'], []])
    expect(driver.stats()).toMatchObject({ channels: 0, unsettled: 0, queuedBytes: 0 })
    expect(stage.server.wires).toHaveLength(1)
    await other.close()
    expect([stage.clock.timers, stage.server.wires]).toEqual([0, []])
  })

  it('rejects what is published and subscribed to after it, and what still waited', async () => {
    const { stage, driver } = asking()
    const waiting = stage.listen(driver)
    const closed = outcomeOf(driver.close())
    const [published, listener] = [stage.publish(driver, 'x'), stage.listen(driver)]
    await stage.clock.settle()
    expect([published.now, listener.now, waiting.now]).toEqual(['closed', 'closed', 'closed'])
    expect(closed.now).toBe('done')
    expect(stage.clock.timers).toBe(0)
  })

  it('waits for the outcome of what was published, which comes by its deadline', async () => {
    const { stage, server, driver } = asking()
    const published = stage.publish(driver, 'x')
    const closed = outcomeOf(driver.close())
    await stage.after(1_900)
    expect([published.now, closed.now]).toEqual(['pending', 'pending'])
    await stage.after(200)
    expect([published.now, closed.now, driver.stats().refused]).toEqual(['refused', 'done', 1])
    const attempts = server.dials.length
    await stage.after(10_000)
    expect(server.dials).toHaveLength(attempts)
    expect(server.dials.map(({ abandoned }) => abandoned)).not.toContain(false)
    expect(stage.clock.timers).toBe(0)
  })

  it('sends what waited when the bus comes back in time', async () => {
    const { stage, server, driver } = asking()
    const published = stage.publish(driver, 'x')
    const closed = outcomeOf(driver.close())
    await stage.after(300)
    server.dials.at(-1)!.accept()
    await stage.clock.settle()
    expect([published.now, closed.now]).toEqual(['done', 'done'])
    expect(server.log).toEqual([`publish ${nameOnBus('fanfare', 'orders')}`, 'close'])
    expect([driver.status(), server.wires, stage.clock.timers]).toEqual(['closed', [], 0])
  })

  it('is done once, whoever asks for it, and never rejects', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    stage.server.silent = true
    driver.onStatus(() => void driver.close())
    const unpublished: string[] = []
    driver.onStatus(() => {
      driver
        .publish({ channel: 'orders', payload: 'x' })
        .catch((error: { code: string }) => unpublished.push(error.code))
    })
    await Promise.all([driver.close(), driver.close()])
    await driver.close()
    expect(stage.server.log.filter((line) => line === 'close')).toHaveLength(1)
    expect(unpublished).toEqual(['closed'])
    stage.server.lose()
    await stage.after(2_000)
    expect([driver.status(), stage.clock.timers, stage.logged]).toEqual(['closed', 0, []])
  })
})

describe('options', () => {
  const { server } = new BusStage()
  it.each([
    ['prefix', { prefix: 'a:b' }],
    ['buffer', { buffer: 0 }],
    ['logger', { logger: 'console' as never }],
    ['queue.bytes', { queue: { bytes: -1 } }],
    ['queue.deadlineMs', { queue: { deadlineMs: 0.5 } }],
    ['maxEventBytes', { maxEventBytes: Number.NaN }],
    ['clockSkewMs', { clockSkewMs: -1 }],
    ['beat.intervalMs', { beat: { intervalMs: 0 } }],
    ['beat.silentMs', { beat: { silentMs: 1_999 } }],
    ['connectTimeoutMs', { connectTimeoutMs: 0 }],
    ['reconnectDelayMs', { reconnectDelayMs: 0 }],
    ['retries', { retries: 3 }],
  ])('of a wrong value are refused by name: %s', async (name, options) => {
    const { BusDriver } = await import('@fanfare/broadcasting/driver')
    expect(() => new BusDriver(server.bus, options as never)).toThrow(name)
    expect(server.dials).toEqual([])
  })
})
