import { type Event, type LogDetails, memory, type MemoryOptions } from '@fanfare/broadcasting'
import { describe, expect, it } from 'vitest'

import { outcomeOf } from '../fakes/scripted-bus.ts'
import { turns } from '../support/until.ts'

// The bus within one process.

function staged(options: MemoryOptions = {}) {
  const logged: [string, LogDetails][] = []
  const driver = memory({ logger: (...line) => logged.push(line), ...options })
  const publish = (payload: string, channel = 'orders') => driver.publish({ channel, payload })
  return { driver, logged, publish }
}

/** A handler whose promise stays pending until the test lets it go. */
function slow() {
  const heard: string[] = []
  const running: (() => void)[] = []
  return {
    heard,
    handler: ({ payload }: Event): Promise<void> => {
      heard.push(String(payload))
      return new Promise((resolve) => running.push(resolve))
    },
    gap: () => void heard.push('(gap)'),
    /** The event that is being handled is done with, so many times. */
    async next(times = 1): Promise<void> {
      for (; times > 0; times--) {
        running.shift()?.()
        await Promise.resolve()
        await Promise.resolve()
      }
    },
  }
}

describe('publishing', () => {
  it('reaches every subscriber of the channel, and nobody else, as it is', async () => {
    const { driver } = staged()
    const [one, other, elsewhere]: Event[][] = [[], [], []]
    await driver.subscribe('orders', (event) => void one!.push(event))
    await driver.subscribe('orders', (event) => void other!.push(event))
    await driver.subscribe('orders.2', (event) => void elsewhere!.push(event))
    const event: Event = {
      channel: 'orders',
      name: 'created',
      payload: new Uint8Array([1, 2]),
      except: ['1.1'],
      from: { client: '1.1', user: 'ann' },
      key: 'k',
      id: 'i',
    }
    await driver.publish(event)
    expect([one, other, elsewhere]).toEqual([[event], [event], []])
    expect(driver.status()).toBe('up')
  })

  it('to nobody is no error, and is kept for nobody', async () => {
    const { driver, publish } = staged()
    await publish('early')
    const heard: unknown[] = []
    await driver.subscribe('orders', ({ payload }) => void heard.push(payload))
    await publish('late')
    expect(heard).toEqual(['late'])
  })

  it('has run the handlers that return nothing when it returns', async () => {
    const { driver, publish } = staged()
    const heard: unknown[] = []
    await driver.subscribe('orders', ({ payload }) => void heard.push(payload))
    const published = publish('x')
    expect(heard).toEqual(['x'])
    await published
  })

  it('never waits for a handler', async () => {
    const { driver, publish } = staged()
    const { heard, handler } = slow()
    await driver.subscribe('orders', handler)
    await publish('1')
    await publish('2')
    expect(heard).toEqual(['1'])
  })

  it('comes to all in one order, also when handlers publish', async () => {
    const { driver, publish } = staged()
    const heard: string[][] = [[], [], []]
    for (const mine of heard) {
      await driver.subscribe('orders', ({ payload }) => {
        mine.push(String(payload))
        if (mine === heard[1] && String(payload).length < 3) void publish(`${String(payload)}+`)
      })
    }
    await publish('a')
    await publish('b')
    expect(heard[0]).toEqual(['a', 'a+', 'a++', 'b', 'b+', 'b++'])
    expect([heard[1], heard[2]]).toEqual([heard[0], heard[0]])
  })

  it('loses nothing of a burst of 10,000 to a handler that returns nothing', async () => {
    const { driver, publish } = staged()
    const heard: string[] = []
    const subscription = await driver.subscribe('orders', ({ payload }) => void heard.push(String(payload)))
    const many = Array.from({ length: 10_000 }, (_, n) => String(n))
    await Promise.all(many.map((payload) => publish(payload)))
    expect(heard).toEqual(many)
    expect([subscription.dropped, driver.dropped()]).toEqual([0, 0])
  })

  it('refuses what is no event', async () => {
    const { driver } = staged()
    const publish = (event: object) => driver.publish(event as Event)
    await expect(publish({ channel: 'a b', payload: '' })).rejects.toMatchObject({ code: 'bad-name' })
    const deep = '['.repeat(200) + ']'.repeat(200)
    for (const part of [{ payload: 5 }, { payload: deep }, { name: 1 }, { except: 'x' }, { from: 'ann' }]) {
      await expect(publish({ channel: 'a', payload: '', ...part })).rejects.toMatchObject({
        code: 'bad-message',
      })
    }
  })
})

describe('a handler that is slow', () => {
  it('has 256 events waiting, and one in hand; more are dropped and counted', async () => {
    const { driver, logged, publish } = staged()
    const { heard, handler, next } = slow()
    const subscription = await driver.subscribe('orders', handler)
    for (let n = 0; n < 300; n++) await publish(String(n))
    expect([subscription.dropped, driver.dropped()]).toEqual([43, 43])
    await next(300)
    expect(heard).toEqual(Array.from({ length: 257 }, (_, n) => String(n)))
    expect(logged.map(([, { count }]) => count)).toEqual([1, 2, 4, 8, 16, 32])
    expect(logged[0]).toEqual([
      'events were dropped: their handler is too slow',
      { channel: 'orders', count: 1, error: expect.objectContaining({ code: 'dropped' }) as unknown },
    ])
  })

  it('is told of a gap where events are missing: after those that waited, before those that follow', async () => {
    const { driver, publish } = staged({ buffer: 2 })
    const { heard, handler, gap, next } = slow()
    await driver.subscribe('orders', handler, { gap })
    for (const payload of ['1', '2', '3', 'lost', 'lost']) await publish(payload)
    await next()
    await publish('4')
    await next(4)
    expect(heard).toEqual(['1', '2', '3', '(gap)', '4'])
    await publish('5')
    expect(heard.at(-1)).toBe('5')
  })

  it('is told of it without any event that follows', async () => {
    const { driver, publish } = staged({ buffer: 1 })
    const { heard, handler, gap, next } = slow()
    await driver.subscribe('orders', handler, { gap })
    for (const payload of ['1', '2', 'lost']) await publish(payload)
    await next(2)
    expect(heard).toEqual(['1', '2', '(gap)'])
  })

  it('costs the others nothing', async () => {
    const { driver, publish } = staged({ buffer: 1 })
    const subscriptions = [await driver.subscribe('orders', slow().handler)]
    const heard: unknown[] = []
    subscriptions.push(await driver.subscribe('orders', ({ payload }) => void heard.push(payload)))
    for (const payload of ['1', '2', '3', '4']) await publish(payload)
    expect(heard).toEqual(['1', '2', '3', '4'])
    expect(subscriptions.map(({ dropped }) => dropped)).toEqual([2, 0])
  })

  it('may publish from its gap, and gets that after what waits', async () => {
    const { driver, publish } = staged({ buffer: 2 })
    const { heard, handler, next } = slow()
    const gap = (): void => {
      heard.push('(gap)')
      void publish('from the gap')
    }
    await driver.subscribe('orders', handler, { gap })
    for (const payload of ['1', '2', '3', 'lost']) await publish(payload)
    await next()
    await publish('4')
    await next(5)
    expect(heard).toEqual(['1', '2', '3', '(gap)', '4', 'from the gap'])
  })
})

describe('a handler that fails', () => {
  it.each([
    [
      'at once',
      () => {
        throw new Error('handler')
      },
    ],
    [
      'later',
      async () => {
        throw new Error('handler')
      },
    ],
  ])('%s is logged with its channel; the publisher and the others know nothing of it', async (_, handler) => {
    const { driver, logged, publish } = staged()
    const heard: unknown[] = []
    await driver.subscribe('orders', handler)
    await driver.subscribe('orders', ({ payload }) => void heard.push(payload))
    await publish('1')
    await turns(1)
    await publish('2')
    await turns(1)
    expect(heard).toEqual(['1', '2'])
    const line = ['a handler failed', { channel: 'orders', error: new Error('handler') }]
    expect(logged).toEqual([line, line])
  })

  it('as its gap does is logged, too', async () => {
    const { driver, logged, publish } = staged({ buffer: 1 })
    const { heard, handler, next } = slow()
    const gap = (): never => {
      throw new Error('gap')
    }
    await driver.subscribe('orders', handler, { gap })
    for (const payload of ['1', '2', 'lost']) await publish(payload)
    await next(2)
    await publish('3')
    expect(heard).toEqual(['1', '2', '3'])
    expect(logged.at(-1)).toEqual(['a handler failed', { channel: 'orders', error: new Error('gap') }])
  })

  it('is reported to the host when there is no logger, and when the logger fails', async () => {
    const reported: { message: string; cause?: unknown }[] = []
    const platform = { reportError: (error: unknown) => void reported.push(error as Error) }
    const handler = (): never => {
      throw new Error('handler')
    }
    const silent = memory({ platform })
    await silent.subscribe('orders', handler)
    await silent.publish({ channel: 'orders', payload: '' })
    expect(reported.map(({ message, cause }) => [message, cause])).toEqual([
      ['a handler failed (channel orders)', new Error('handler')],
    ])
    const logger = (): never => {
      throw new Error('logger')
    }
    const failing = memory({ platform, logger })
    await failing.subscribe('orders', handler)
    await failing.publish({ channel: 'orders', payload: '' })
    expect(reported.slice(1)).toEqual([new Error('logger')])
  })
})

describe('cancelling', () => {
  it('is the end of it, also for what waits, and may be done twice', async () => {
    const { driver, publish } = staged()
    const { heard, handler, next } = slow()
    const subscription = await driver.subscribe('orders', handler)
    for (const payload of ['1', '2', '3']) await publish(payload)
    void subscription.cancel()
    await next(3)
    await publish('4')
    await subscription.cancel()
    expect(heard).toEqual(['1'])
  })

  it('in the middle of a delivery holds for that delivery, and hurts nobody', async () => {
    const { driver, publish } = staged()
    const heard: string[] = []
    const subscriptions = [
      await driver.subscribe('orders', () => {
        heard.push('first')
        void subscriptions[1]!.cancel()
        void driver.subscribe('orders', () => void heard.push('new'))
      }),
    ]
    subscriptions.push(await driver.subscribe('orders', () => void heard.push('second')))
    await driver.subscribe('orders', () => void heard.push('third'))
    await publish('x')
    expect(heard).toEqual(['first', 'third'])
  })
})

describe('closing', () => {
  it('ends every subscription; after it publishing and subscribing are refused', async () => {
    const { driver, publish } = staged()
    const { heard, handler, next } = slow()
    const subscription = await driver.subscribe('orders', handler)
    for (const payload of ['1', '2']) await publish(payload)
    await driver.close()
    await driver.close()
    await next(2)
    expect([heard, driver.status()]).toEqual([['1'], 'closed'])
    await expect(publish('3')).rejects.toMatchObject({ code: 'closed' })
    await expect(driver.subscribe('orders', handler)).rejects.toMatchObject({ code: 'closed' })
    await subscription.cancel()
  })

  it('from within a handler is possible', async () => {
    const { driver, publish } = staged()
    const heard: string[] = []
    await driver.subscribe('orders', () => {
      heard.push('first')
      void publish('never')
      void driver.close()
    })
    await driver.subscribe('orders', () => void heard.push('second'))
    await publish('x')
    expect(heard).toEqual(['first'])
  })
})

describe('subscribing', () => {
  it('is refused for what is no name, and allowed for an inbox', async () => {
    const { driver } = staged()
    for (const name of ['', 'a b', '!', '!x', 'a*', 7]) {
      await expect(driver.subscribe(name as string, () => {})).rejects.toMatchObject({ code: 'bad-name' })
    }
    expect(await driver.subscribe('!17', () => {})).toMatchObject({ channel: '!17', dropped: 0 })
  })

  it('that is called off already is refused', async () => {
    const { driver } = staged()
    const outcome = outcomeOf(driver.subscribe('orders', () => {}, { signal: AbortSignal.abort() }))
    await turns(1)
    expect(outcome.now).toBe('cancelled')
  })
})

describe('options', () => {
  it.each([
    ['buffer', { buffer: 0 }],
    ['buffer', { buffer: 1.5 }],
    ['buffer', { buffer: '256' as never }],
    ['logger', { logger: {} as never }],
    ['size', { size: 1 }],
  ])('of a wrong value are refused by name: %s', (name, options) => {
    expect(() => memory(options as never)).toThrow(name)
  })
})
