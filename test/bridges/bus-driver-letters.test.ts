import fc from 'fast-check'
import { nameOnBus } from '@fanfare/broadcasting/driver'
import { describe, expect, it } from 'vitest'

import { BusStage, letter, START } from '../fakes/scripted-bus.ts'

// What a bus driver makes of what comes from the bus, which it does not trust.

const ORDERS = nameOnBus('fanfare', 'orders')

async function staged(options: Parameters<BusStage['driver']>[0] = {}) {
  const stage = new BusStage()
  const driver = await stage.up(options)
  const listener = stage.listen(driver)
  await stage.clock.settle()
  const receive = (...texts: string[]): string[] => {
    for (const text of texts) stage.server.inject(ORDERS, text)
    return listener.heard
  }
  return { stage, server: stage.server, driver, listener, receive }
}

describe('letters of one sender', () => {
  it('come as they are, from wherever they begin', async () => {
    const { receive, driver } = await staged()
    expect(receive(letter({ s: 7, p: 6 }), letter({ s: 8 }), letter({ s: 9 }))).toEqual(['s7', 's8', 's9'])
    expect(driver.stats()).toMatchObject({ received: 3, stale: 0, gaps: 0 })
  })

  it('need not be in one run: only what was sent on the same channel counts', async () => {
    const { receive } = await staged()
    expect(receive(letter({ s: 1, p: 0 }), letter({ s: 20, p: 1 }), letter({ s: 21, p: 20 }))).toEqual([
      's1',
      's20',
      's21',
    ])
  })

  it('that come twice are dropped', async () => {
    const { receive, driver } = await staged()
    const [one, two] = [letter({ s: 1 }), letter({ s: 2 })]
    expect(receive(one, one, two, one, two, two)).toEqual(['s1', 's2'])
    expect(driver.stats()).toMatchObject({ stale: 4, gaps: 0 })
  })

  it('that come after a later one are dropped, and were told of as a gap', async () => {
    const { receive, driver } = await staged()
    expect(receive(letter({ s: 1 }), letter({ s: 3 }), letter({ s: 2 }), letter({ s: 4 }))).toEqual([
      's1',
      '(gap)',
      's3',
      's4',
    ])
    expect(driver.stats()).toMatchObject({ stale: 1, gaps: 1 })
  })

  it('that come after the first of all, and were sent before it, are a gap as well', async () => {
    const { receive, driver } = await staged()
    expect(receive(letter({ s: 2 }), letter({ s: 1 }), letter({ s: 3 }))).toEqual(['s2', '(gap)', 's3'])
    expect(driver.stats().stale).toBe(1)
  })

  it('however many, are one gap', async () => {
    const { receive, driver } = await staged()
    receive(letter({ s: 100 }))
    for (let s = 99; s > 0; s--) receive(letter({ s }))
    expect(receive(letter({ s: 101 }))).toEqual(['s100', '(gap)', 's101'])
    expect(driver.stats()).toMatchObject({ stale: 99, gaps: 1 })
  })

  it('that are missing are a gap before the next', async () => {
    const { receive, driver } = await staged()
    expect(receive(letter({ s: 1 }), letter({ s: 5 }), letter({ s: 6 }))).toEqual(['s1', '(gap)', 's5', 's6'])
    expect(driver.stats().gaps).toBe(1)
  })

  it('have nothing to do with those of another', async () => {
    const { receive } = await staged()
    const heard = receive(
      letter({ o: 'a', s: 5 }, 'a5'),
      letter({ o: 'b', s: 5 }, 'b5'),
      letter({ o: 'b', s: 6 }, 'b6'),
      letter({ o: 'a', s: 6 }, 'a6'),
    )
    expect(heard).toEqual(['a5', 'b5', 'b6', 'a6'])
  })

  it('of more senders than are remembered are believed', async () => {
    const { receive, driver } = await staged()
    for (let n = 0; n < 3_000; n++) receive(letter({ o: `o${String(n)}`, s: 1 }, String(n)))
    expect(receive(letter({ o: 'o2999', s: 1 }), letter({ o: 'o2999', s: 2 }, 'next'))).toHaveLength(3_001)
    expect(driver.stats()).toMatchObject({ stale: 1, gaps: 0 })
  })
})

describe('what the bus does to messages', () => {
  it('neither duplicates nor another order are seen by a subscriber of what drivers publish', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(9), { maxLength: 30 }),
        fc.array(fc.nat(5), { maxLength: 8 }),
        async (order, counts) => {
          const stage = new BusStage()
          const [one, other] = [await stage.up(), await stage.up()]
          const listeners = [stage.listen(one), stage.listen(other)]
          await stage.clock.settle()
          stage.server.holdMessages = true
          let last = 0
          for (const count of counts) {
            for (let n = 0; n < count; n++) stage.publish(n % 2 === 0 ? one : other, String(last++))
            await stage.clock.settle()
            stage.server.deliver((messages) =>
              order.map((n) => messages[n % Math.max(1, messages.length)]).filter((one) => one !== undefined),
            )
          }
          stage.server.messages.length = 0
          await stage.after(2_500)
          for (const { heard } of listeners) {
            const events = heard.filter((payload) => payload !== '(gap)')
            expect(new Set(events).size).toBe(events.length)
          }
          expect([one, other].map((driver) => driver.stats().queuedBytes)).toEqual([0, 0])
          // Each has all of its own, whatever became of it, and is told where others' are missing.
          expect(stage.clock.timers).toBe(2)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('a sender hears all that it sent, in order, whatever is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom('publish', 'publish', 'publish', 'deliver', 'skip', 'lose', 'wait', 'hold'),
          {
            maxLength: 40,
          },
        ),
        async (steps) => {
          const stage = new BusStage()
          const driver = await stage.up()
          const listeners = [stage.listen(driver), stage.listen(driver)]
          await stage.clock.settle()
          let last = 0
          const acts: Record<string, () => unknown> = {
            publish: () => stage.publish(driver, String(last++)),
            deliver: () => stage.server.deliver(),
            skip: () => stage.server.deliver((messages) => messages.slice(1)),
            lose: () => stage.server.lose(),
            wait: () => stage.after(700),
            hold: () => {
              stage.server.holdMessages = !stage.server.holdMessages
              stage.server.holdAnswers = stage.server.holdMessages
            },
          }
          for (const step of steps) {
            await acts[step]!()
            await stage.clock.settle()
          }
          await stage.after(2_500)
          const all = Array.from({ length: last }, (_, n) => String(n))
          for (const { heard } of listeners) {
            expect(heard.filter((payload) => payload !== '(gap)')).toEqual(all)
          }
          expect(driver.stats()).toMatchObject({ unsettled: 0, queuedBytes: 0 })
          expect(stage.clock.timers).toBe(1)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('letters that come late', () => {
  it('are discarded after their deadline and the difference of the clocks, and are a gap', async () => {
    const { receive, driver } = await staged()
    const heard = receive(
      letter({ s: 1, d: START - 4_900 }),
      letter({ s: 2, d: START - 5_100 }),
      letter({ s: 3, d: START }),
    )
    expect(heard).toEqual(['s1', '(gap)', 's3'])
    expect(driver.stats()).toMatchObject({ late: 1, gaps: 1 })
  })

  it('may differ by as much as clockSkewMs says', async () => {
    const { receive } = await staged({ clockSkewMs: 0 })
    expect(receive(letter({ s: 1, d: START }), letter({ s: 2, d: START - 1 }))).toEqual(['s1', '(gap)'])
  })

  it('are one gap, though others are missing before them', async () => {
    const { receive, driver } = await staged()
    expect(receive(letter({ s: 1 }), letter({ s: 5, d: 0 }))).toEqual(['s1', '(gap)'])
    expect(driver.stats()).toMatchObject({ late: 1, gaps: 1 })
  })

  it('that came in time before are no gap', async () => {
    const { receive, driver } = await staged()
    expect(receive(letter({ s: 1 }), letter({ s: 1, d: 0 }))).toEqual(['s1'])
    expect(driver.stats()).toMatchObject({ late: 1, stale: 1, gaps: 0 })
  })

  it('of our own are dropped as duplicates: they were delivered at their deadline', async () => {
    const { stage, server, driver, listener } = await staged()
    server.holdMessages = true
    stage.publish(driver, 'x')
    await stage.after(60_000)
    server.deliver()
    expect(listener.heard[0]).toBe('x')
    expect(listener.heard.filter((payload) => payload === 'x')).toHaveLength(1)
    expect(driver.stats()).toMatchObject({ late: 0, stale: 1 })
  })
})

describe('what is no letter', () => {
  const good = { o: 'x', s: 1, p: 0, d: START * 2 }
  const raw = (header: unknown, payload = '') => `fanfare/1 ${JSON.stringify(header)}\n${payload}`

  it.each([
    ['nothing', ''],
    ['a word', 'hello'],
    ['JSON', '{"o":"x"}'],
    ['no header', 'fanfare/1 \n'],
    ['no line feed', `fanfare/1 ${JSON.stringify(good)}`],
    ['a header that is no JSON', 'fanfare/1 {o:1}\n'],
    ['a header that is null', raw(null)],
    ['a header that is a list', raw([])],
    ['a header nested deeply', `fanfare/1 ${'['.repeat(60_000)}\n`],
    ['a header that is too long', raw({ ...good, n: 'x'.repeat(70_000) })],
    ['no origin', raw({ ...good, o: undefined })],
    ['an origin that is too long', raw({ ...good, o: 'x'.repeat(65) })],
    ['a sequence that is a string', raw({ ...good, s: '1' })],
    ['a sequence that is negative', raw({ ...good, s: -1 })],
    ['a sequence that is no whole number', raw({ ...good, s: 1.5 })],
    ['a sequence past all numbers', raw(good).replace('"s":1', '"s":1e999')],
    ['no deadline', raw({ ...good, d: undefined })],
    ['a name that is a number', raw({ ...good, n: 5 })],
    ['except that is a string', raw({ ...good, x: '1.1' })],
    ['a user that is an object', raw({ ...good, u: {} })],
    ['bytes that are no base64', raw({ ...good, b: 1 }, '***')],
    ['JSON that is too deep', raw(good, '['.repeat(200) + ']'.repeat(200))],
  ])('is counted and ignored: %s', async (_, text) => {
    const { receive, driver } = await staged()
    expect(receive(text)).toEqual([])
    expect(driver.stats()).toMatchObject({ received: 1, malformed: 1, gaps: 0, stale: 0 })
    expect(receive(letter({ s: 1 }))).toEqual(['s1'])
  })

  it.each(['fanfare/2 {"o":"x"}\n', 'fanfare/10 anything', 'fanfare/0 '])(
    'but of a version that is unknown is counted as that, and is a gap: %s',
    async (text) => {
      const { receive, driver } = await staged()
      expect(receive(text)).toEqual(['(gap)'])
      expect(driver.stats()).toMatchObject({ received: 1, unknownVersion: 1, malformed: 0, gaps: 1 })
    },
  )

  it('or is too large is counted as that, and is a gap', async () => {
    const { receive, driver } = await staged({ maxEventBytes: 300 })
    receive(letter({ s: 1 }, 'x'.repeat(300)), letter({ s: 2 }, '🎺'.repeat(80)), letter({ s: 3 }, 'fits'))
    expect(driver.stats()).toMatchObject({ received: 3, tooLarge: 2, malformed: 0 })
    expect(receive()).toEqual(['(gap)', 'fits'])
  })

  it('text that looks like JSON and is none is a payload like any other', async () => {
    const { receive } = await staged()
    const text = '['.repeat(500)
    expect(receive(letter({ s: 1 }, text))).toEqual([text])
  })

  it('never makes anything throw, and never gets further', async () => {
    const { stage, server, driver, listener } = await staged()
    const header = fc.record(
      {
        o: fc.oneof(fc.string(), fc.jsonValue()),
        s: fc.oneof(fc.nat(20), fc.jsonValue()),
        p: fc.oneof(fc.nat(20), fc.jsonValue()),
        d: fc.oneof(fc.constant(START * 2), fc.nat(), fc.jsonValue()),
        n: fc.oneof(fc.string(), fc.jsonValue()),
        x: fc.jsonValue(),
        c: fc.jsonValue(),
        u: fc.jsonValue(),
        k: fc.jsonValue(),
        i: fc.jsonValue(),
        h: fc.jsonValue(),
        m: fc.oneof(fc.constant(undefined), fc.constant(['s']), fc.jsonValue()),
        b: fc.constantFrom(1, 0, true, '1'),
        __proto__: fc.constant(null),
      },
      { requiredKeys: [] },
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(header, fc.string()).map(([head, body]) => `fanfare/1 ${JSON.stringify(head)}\n${body}`),
      fc.tuple(fc.nat(30), fc.string()).map(([s, body]) => letter({ s }, body)),
      fc.json().map((body) => `fanfare/1 ${body}\n`),
    )
    const subject = fc.oneof(fc.constant(ORDERS), fc.string(), fc.constantFrom('', 'fanfare:c:', '__proto__'))
    const before = driver.stats()
    let ours = 0
    fc.assert(
      fc.property(subject, text, (where, what) => {
        if (where === ORDERS) ours++
        // Also on subjects that were never asked for: a server may send what it likes.
        for (const wire of server.wires) {
          wire.subjects.add(where)
          wire.hear(where, what)
        }
      }),
      { numRuns: 3_000 },
    )
    for (const event of listener.events) {
      expect(event.channel).toBe('orders')
      expect(['string', 'undefined']).toContain(typeof event.name)
      for (const key of Object.keys(event)) {
        expect(['channel', 'name', 'payload', 'except', 'from', 'key', 'id', 'node']).toContain(key)
      }
    }
    const { received, malformed, unknownVersion, notUnderstood, implausible, late, stale } = driver.stats()
    expect(received - before.received).toBe(ours)
    const dropped = malformed + unknownVersion + notUnderstood + implausible + late + stale
    expect(dropped + listener.events.length).toBeGreaterThanOrEqual(ours)
    // One line for each reason, whatever their number.
    expect(new Set(stage.logged).size).toBe(stage.logged.length)
    expect([driver.status(), stage.reported]).toEqual(['up', []])
    await stage.after(10_000)
    expect([driver.status(), stage.clock.timers]).toEqual(['up', 1])
  })
})

describe('letters of another release', () => {
  it('have keys that are unknown: these are ignored, those that are reserved too', async () => {
    const { receive, listener } = await staged()
    const more = {
      at: { epoch: 'e', offset: 7 },
      xs: ['s'],
      ik: 'k',
      tp: '00-1-2-01',
      t: START,
      tags: ['a'],
      zz: {},
    }
    receive(letter({ s: 1, ...more }))
    expect(listener.events).toEqual([
      {
        channel: 'orders',
        payload: 's1',
        name: undefined,
        except: undefined,
        from: undefined,
        key: undefined,
        id: undefined,
        node: undefined,
      },
    ])
  })

  it('with a key that has to be understood and is not are a gap, those that we understand are none', async () => {
    const { stage, receive, driver } = await staged()
    receive(letter({ s: 1, m: ['k', 'n'], k: 'key' }), letter({ s: 2, m: ['n', 'zz'], zz: 1 }))
    receive(letter({ s: 3 }), letter({ s: 4, m: ['xs'], xs: ['s'] }), letter({ s: 5 }))
    // The second is lost in the same turn as the first: nobody can have fetched anew between them.
    expect(receive().filter((what) => what !== '(gap)')).toEqual(['s1', 's3', 's5'])
    expect(receive().indexOf('(gap)')).toBe(1)
    expect(driver.stats()).toMatchObject({ notUnderstood: 2 })
    expect(stage.logged).toHaveLength(1)
  })

  it.each([
    ['of another version', 'unknownVersion', 'fanfare/2 {}\n'],
    ['with a key that is not understood', 'notUnderstood', letter({ s: 1, m: ['zz'] })],
    ['that are too large', 'tooLarge', letter({ s: 1 }, 'x'.repeat(400))],
    ['with an impossible number', 'implausible', letter({ s: 2 ** 53 - 1 })],
  ])(
    '%s are a gap at once, one a second while they go on, and one line in the log',
    async (_, counter, text) => {
      const { stage, receive, driver } = await staged({ maxEventBytes: 300 })
      for (let n = 0; n < 100; n++) {
        receive(text)
        await stage.after(25)
      }
      await stage.after(1_500)
      // At 0, 1 and 2 s, and once more at the end: nothing that was lost is not told of.
      expect(receive()).toEqual(Array.from({ length: 4 }, () => '(gap)'))
      expect(driver.stats()).toMatchObject({ [counter]: 100, gaps: 4 })
      expect(stage.logged).toHaveLength(1)
      await stage.after(3_600_000)
      receive(text)
      expect(stage.logged).toHaveLength(2)
    },
  )

  it('are a gap before the next that is read', async () => {
    const { stage, receive } = await staged()
    receive('fanfare/2 a\n')
    await stage.after(100)
    expect(receive('fanfare/2 b\n', 'fanfare/2 c\n', letter({ s: 1 }))).toEqual(['(gap)', '(gap)', 's1'])
  })
})

describe('a node that stood still', () => {
  it('tells one gap for each channel, however many letters are late', async () => {
    const { stage, server, driver, listener } = await staged()
    const other = stage.listen(driver, 'invoices')
    await stage.clock.settle()
    const sent = Array.from({ length: 2_580 }, (_, n) => letter({ s: n + 1, d: START + n * 8 + 2_000 }))
    stage.stall(20_640)
    for (const text of sent) {
      server.inject(ORDERS, text)
      server.inject(nameOnBus('fanfare', 'invoices'), text.replace('"o":"other"', '"o":"third"'))
    }
    const late = sent.filter((_, n) => n * 8 + 2_000 + 5_000 < 20_640).length
    for (const { heard } of [listener, other]) {
      expect(heard.filter((what) => what === '(gap)')).toHaveLength(1)
      expect(heard).toHaveLength(1 + sent.length - late)
      expect(heard[0]).toBe('(gap)')
    }
    expect(driver.stats()).toMatchObject({ late: 2 * late, gaps: 2 })
    expect(stage.logged).toHaveLength(1)
  })

  it('tells of what was published after that gap and is late again', async () => {
    const { stage, receive } = await staged()
    receive(letter({ s: 1, d: START - 6_000 }), letter({ s: 2, d: START - 5_500 }))
    expect(receive()).toEqual(['(gap)'])
    await stage.after(9_000)
    expect(receive(letter({ s: 3, d: START + 1_000 }))).toEqual(['(gap)', '(gap)'])
  })

  it('hears of one whose clock is an hour behind at least every 5 s', async () => {
    const { stage, receive } = await staged()
    for (let n = 0; n < 60; n++) {
      receive(letter({ s: n + 1, d: START - 3_600_000 + n * 500 }))
      await stage.after(500)
    }
    expect(receive().length).toBeGreaterThanOrEqual(5)
    expect(receive().length).toBeLessThanOrEqual(7)
  })
})

describe('drivers on one bus', () => {
  it('hear each other when they have the same prefix', async () => {
    const stage = new BusStage()
    const drivers = [await stage.up(), await stage.up(), await stage.up()]
    const listeners = drivers.map((driver) => stage.listen(driver))
    await stage.clock.settle()
    for (const [n, driver] of drivers.entries()) stage.publish(driver, String(n))
    await stage.clock.settle()
    expect(listeners.map(({ heard }) => heard)).toEqual([
      ['0', '1', '2'],
      ['0', '1', '2'],
      ['0', '1', '2'],
    ])
  })

  it('do not when they have different ones', async () => {
    const stage = new BusStage()
    const drivers = [await stage.up({ prefix: 'a' }), await stage.up({ prefix: 'a-b' }), await stage.up()]
    const listeners = drivers.map((driver) => stage.listen(driver))
    await stage.clock.settle()
    for (const [n, driver] of drivers.entries()) stage.publish(driver, String(n))
    await stage.clock.settle()
    expect(listeners.map(({ heard }) => heard)).toEqual([['0'], ['1'], ['2']])
  })

  it('do not take the beats of others for their own', async () => {
    const stage = new BusStage()
    const driver = await stage.up()
    await stage.up()
    stage.server.wires[0]!.deaf = true
    await stage.after(5_000)
    expect(stage.server.wires).toHaveLength(2)
    expect(driver.stats().connects).toBe(2)
  })
})
