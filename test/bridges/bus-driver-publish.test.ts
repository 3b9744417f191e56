import { nameOnBus, RefusedError, UnknownOutcomeError } from '@fanfare/broadcasting/driver'
import { describe, expect, it } from 'vitest'

import { BusStage } from '../fakes/scripted-bus.ts'

// What becomes of what is published through a bus driver.

const ORDERS = nameOnBus('fanfare', 'orders')

async function staged(options: Parameters<BusStage['driver']>[0] = {}) {
  const stage = new BusStage()
  const driver = await stage.up(options)
  return { stage, server: stage.server, driver }
}

describe('publishing', () => {
  it('carries the number of the node and the incarnation of the driver, which no option sets', async () => {
    const { stage, driver } = await staged()
    stage.listen(driver)
    await stage.clock.settle()
    stage.server.holdMessages = true
    await driver.publish({ channel: 'orders', payload: '1', node: '17' })
    const header = JSON.parse(/{.*}/.exec(stage.server.messages[0]!.text)![0]) as { o: string; h: string }
    expect(header).toMatchObject({ o: driver.incarnation, h: '17' })
    expect(driver.incarnation).toMatch(/^[0-9a-f]{16}$/)
    expect((await stage.up()).incarnation).not.toBe(driver.incarnation)
    expect(() => stage.driver({ ['incarnation' as string]: '0123456789abcdef' })).toThrow('incarnation')
    await expect(driver.publish({ channel: 'orders', payload: '1', node: 'x' })).rejects.toThrow('node')
  })

  it('resolves when the server has answered', async () => {
    const { stage, server, driver } = await staged()
    server.holdAnswers = true
    const published = stage.publish(driver, 'x')
    await stage.after(1_900)
    expect([published.now, server.answers.length]).toEqual(['pending', 1])
    expect(driver.stats()).toMatchObject({ published: 0, unsettled: 1 })
    server.answer()
    await stage.clock.settle()
    expect(published.now).toBe('done')
    expect(driver.stats()).toMatchObject({ published: 1, unsettled: 0, queuedBytes: 0 })
  })

  it('is not of unknown outcome because the process stood still while the answer was on the way', async () => {
    const { stage, server, driver } = await staged()
    server.holdAnswers = true
    const published = stage.publish(driver, 'x')
    await stage.clock.settle()
    for (let piece = 0; piece < 6; piece++) stage.clock.block(1_200)
    server.answer()
    await stage.clock.settle()
    expect(published.now).toBe('done')
    expect(driver.stats()).toMatchObject({ published: 1, unknown: 0, connects: 1 })
  })

  it('does not wait for other publishes, and keeps their order', async () => {
    const { stage, server, driver } = await staged()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    server.holdAnswers = true
    const many = Array.from({ length: 100 }, (_, n) => String(n))
    for (const payload of many) stage.publish(driver, payload)
    await stage.clock.settle()
    expect(heard).toEqual(many)
    expect(server.answers).toHaveLength(100)
  })

  it('that the server refuses is rejected, and delivered here', async () => {
    const { stage, server, driver } = await staged()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    server.refuses = (command) => command === `publish ${ORDERS}`
    const published = driver.publish({ channel: 'orders', payload: 'x' })
    await expect(published).rejects.toBeInstanceOf(RefusedError)
    expect(heard[0]).toBe('x')
    expect(driver.stats()).toMatchObject({ refused: 1, unsettled: 0, queuedBytes: 0 })
    server.refuses = () => false
    await driver.publish({ channel: 'orders', payload: 'y' })
    expect(heard.filter((payload) => payload !== '(gap)')).toEqual(['x', 'y'])
  })

  it('that is not answered is of unknown outcome at its deadline, and delivered here then', async () => {
    const { stage, server, driver } = await staged({ queue: { deadlineMs: 1_000 } })
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    server.holdAnswers = true
    server.holdMessages = true
    const published = ['1', '2'].map((payload) => stage.publish(driver, payload))
    await stage.after(900)
    expect([published[0]!.now, heard]).toEqual(['pending', []])
    await stage.after(200)
    expect(published.map(({ now }) => now)).toEqual(['unknown', 'unknown'])
    const events = heard.filter((payload) => payload !== '(gap)')
    expect(events).toEqual(['1', '2'])
    // Both come after all, too late.
    server.deliver()
    server.answer()
    await stage.clock.settle()
    expect(heard.filter((payload) => payload !== '(gap)')).toEqual(['1', '2'])
    expect(driver.stats()).toMatchObject({ unknown: 2, published: 0, stale: 2, unsettled: 0, queuedBytes: 0 })
  })

  it('whose echo does not come is delivered here at its deadline', async () => {
    const { stage, server, driver } = await staged()
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    server.loses = (subject) => subject === ORDERS
    const published = stage.publish(driver, 'x')
    await stage.after(1_900)
    expect([published.now, heard]).toEqual(['done', []])
    expect(driver.stats().queuedBytes).toBeGreaterThan(0)
    await stage.after(200)
    expect(heard[0]).toBe('x')
    expect(driver.stats().queuedBytes).toBe(0)
    expect(stage.clock.timers).toBe(1)
  })

  it('that cannot be sent by its deadline is refused, and never sent', async () => {
    const stage = new BusStage()
    stage.server.dialling = 'refuse'
    const driver = stage.driver()
    const first = stage.publish(driver, '1')
    await stage.after(1_000)
    const second = stage.publish(driver, '2')
    await stage.after(1_100)
    expect([first.now, second.now]).toEqual(['refused', 'pending'])
    stage.server.dialling = 'accept'
    await stage.after(600)
    expect([first.now, second.now]).toEqual(['refused', 'done'])
    expect(stage.server.log).toEqual([`publish ${ORDERS}`])
  })

  it('that was under way when the wire was lost is of unknown outcome, and not sent again', async () => {
    const { stage, server, driver } = await staged()
    server.holdAnswers = true
    const error = driver.publish({ channel: 'orders', payload: 'x' }).catch((reason: unknown) => reason)
    await stage.clock.settle()
    server.lose('reset by peer')
    expect(await error).toBeInstanceOf(UnknownOutcomeError)
    await stage.after(1_000)
    expect(server.log).toEqual([`publish ${ORDERS}`])
    expect(driver.stats()).toMatchObject({ unknown: 1, published: 0, unsettled: 0, queuedBytes: 0 })
  })

  it('that throws without an answer is of unknown outcome', async () => {
    const { stage, server, driver } = await staged()
    server.wires[0]!.publish = () => Promise.reject(new Error('what was that?'))
    const published = stage.publish(driver, 'x')
    await stage.clock.settle()
    expect(published.now).toBe('unknown')
  })

  it('what is no event is refused, and not counted', async () => {
    const { stage, server, driver } = await staged()
    const publish = (event: object) => driver.publish(event as never)
    await expect(publish({ channel: 'a b', payload: '' })).rejects.toMatchObject({ code: 'bad-name' })
    for (const part of [{ payload: 1 }, { payload: '[['.repeat(200) + ']]'.repeat(200) }, { name: 5 }]) {
      await expect(publish({ channel: 'a', payload: '', ...part })).rejects.toMatchObject({
        code: 'bad-message',
      })
    }
    await expect(publish(null as never)).rejects.toMatchObject({ code: 'bad-message' })
    expect(driver.stats()).toMatchObject({ refused: 0, published: 0, queuedBytes: 0 })
    expect([server.log, stage.clock.timers]).toEqual([[], 1])
  })
})

describe('what waits', () => {
  it('is bounded in bytes; what is more is refused at once, and delivered here', async () => {
    const { stage, server, driver } = await staged({ queue: { bytes: 4_000 } })
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    server.holdAnswers = true
    server.holdMessages = true
    const big = (n: number): string => String(n).repeat(1_000)
    const published = [1, 2, 3, 4].map((n) => stage.publish(driver, big(n)))
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
    expect(published.map(({ now }) => now)).toEqual(['pending', 'pending', 'pending', 'refused'])
    expect(driver.stats()).toMatchObject({ refused: 1, unsettled: 3 })
    expect(driver.stats().queuedBytes).toBeLessThanOrEqual(4_000)
    // In order: what is under way comes before it.
    expect(heard.filter((payload) => payload !== '(gap)').map(([first]) => first)).toEqual([
      '1',
      '2',
      '3',
      '4',
    ])
    server.deliver()
    server.answer()
    await stage.clock.settle()
    expect(published.map(({ now }) => now)).toEqual(['done', 'done', 'done', 'refused'])
    expect(heard.filter((payload) => payload !== '(gap)')).toHaveLength(4)
    expect(driver.stats().queuedBytes).toBe(0)
    const next = stage.publish(driver, big(5))
    await stage.clock.settle()
    server.answer()
    await stage.clock.settle()
    expect(next.now).toBe('done')
  })

  it('is counted in bytes of UTF-8, as it travels', async () => {
    const { stage, driver } = await staged({ maxEventBytes: 1_000 })
    const [fits, short] = [stage.publish(driver, 'x'.repeat(800)), stage.publish(driver, 'ü'.repeat(400))]
    const [large, wide] = [stage.publish(driver, 'x'.repeat(1_000)), stage.publish(driver, '🎺'.repeat(250))]
    await stage.clock.settle()
    expect([fits.now, short.now, large.now, wide.now]).toEqual(['done', 'done', 'too-large', 'too-large'])
    expect(driver.stats()).toMatchObject({ published: 2, refused: 0 })
  })

  it('names and ids are bounded, too', async () => {
    const { stage, driver } = await staged()
    const except = Array.from({ length: 10_000 }, (_, n) => `1.${String(n)}`)
    await expect(driver.publish({ channel: 'orders', payload: '', except })).rejects.toMatchObject({
      code: 'too-large',
    })
    const fits = stage.publish(driver, '')
    await stage.clock.settle()
    expect(fits.now).toBe('done')
  })

  it('what is too large leaves no hole behind', async () => {
    const { stage, driver } = await staged({ maxEventBytes: 1_000 })
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    for (const payload of ['a', 'x'.repeat(2_000), 'b']) stage.publish(driver, payload)
    await stage.clock.settle()
    expect(heard).toEqual(['a', 'b'])
  })

  it('what was refused is a gap to the others', async () => {
    const { stage, server, driver } = await staged({ queue: { bytes: 2_000 } })
    const other = await stage.up()
    const { heard } = stage.listen(other)
    await stage.clock.settle()
    server.holdAnswers = true
    for (const payload of ['a', 'x'.repeat(2_000), 'b']) stage.publish(driver, payload)
    await stage.clock.settle()
    expect(heard).toEqual(['a', '(gap)', 'b'])
  })
})

describe('what is delivered here', () => {
  it('comes from the bus while it is up: in the order of the bus', async () => {
    const { stage, server, driver } = await staged()
    const other = await stage.up()
    const listeners = [stage.listen(driver), stage.listen(other)]
    await stage.clock.settle()
    for (let n = 0; n < 10; n++) stage.publish(n % 2 === 0 ? driver : other, String(n))
    expect(listeners[0]!.heard).toEqual([])
    await stage.clock.settle()
    expect(listeners[0]!.heard).toHaveLength(10)
    expect(listeners[0]!.heard).toEqual(listeners[1]!.heard)
    expect(server.wires).toHaveLength(2)
  })

  it('waits for nobody: a handler that is slow holds up itself alone', async () => {
    const { stage, driver } = await staged({ buffer: 2 })
    let go: () => void = () => {}
    const slow: string[] = []
    void driver.subscribe(
      'orders',
      ({ payload }) => {
        slow.push(String(payload))
        return new Promise<void>((resolve) => (go = resolve))
      },
      { gap: () => void slow.push('(gap)') },
    )
    const quick = stage.listen(driver)
    await stage.clock.settle()
    for (const payload of ['1', '2', '3', '4', '5']) stage.publish(driver, payload)
    await stage.clock.settle()
    expect([slow, quick.heard]).toEqual([['1'], ['1', '2', '3', '4', '5']])
    for (let n = 0; n < 3; n++) {
      go()
      await stage.clock.settle()
    }
    expect(slow).toEqual(['1', '2', '3', '(gap)'])
    expect([driver.dropped(), driver.stats().dropped]).toEqual([2, 2])
  })

  it('is what a handler makes of it: its errors are logged, and nobody else sees them', async () => {
    const { stage, driver } = await staged()
    void driver.subscribe('orders', () => {
      throw new Error('handler')
    })
    void driver.subscribe('orders', async () => {
      throw new Error('async handler')
    })
    const { heard } = stage.listen(driver)
    await stage.clock.settle()
    const published = stage.publish(driver, 'x')
    await stage.clock.settle()
    expect([published.now, heard]).toEqual(['done', ['x']])
    expect(stage.logged).toEqual(['a handler failed', 'a handler failed'])
  })

  it('whether published before or after the channel was cancelled leaves nothing behind', async () => {
    const { stage, server, driver } = await staged()
    const listener = stage.listen(driver)
    await stage.clock.settle()
    server.holdMessages = true
    const published = stage.publish(driver, 'x')
    await listener.subscription!.cancel()
    const later = stage.publish(driver, 'y')
    await stage.after(2_100)
    expect([published.now, later.now, listener.heard]).toEqual(['done', 'done', []])
    expect(driver.stats()).toMatchObject({ channels: 0, queuedBytes: 0, unsettled: 0 })
    expect(stage.clock.timers).toBe(1)
  })
})
