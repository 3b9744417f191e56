import type { Event } from '@fanfare/broadcasting'
import { FanfareError } from '@fanfare/core/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { BridgeStage } from '../fakes/bridge-stage.ts'
import { outcomeOf } from '../fakes/scripted-bus.ts'

// What is meant for one client, on whatever node it is.

/** Two bridged hubs with a client each: `1.1` and `2.1`. */
async function two() {
  const stage = new BridgeStage()
  const [here, there] = [stage.node(1), stage.node(2)]
  const [mine, theirs] = [here.connect(), there.connect()]
  await stage.clock.settle()
  return { stage, driver: stage.driver, here, there, mine, theirs }
}

describe('sending to one client', () => {
  it('of this node needs no bus', async () => {
    const { stage, driver, here, mine } = await two()
    driver.refuses = () => new Error('down')
    await expect(here.link.sendTo('1.1', 'hello')).resolves.toBe('delivered')
    await expect(here.link.sendTo('1.2', 'hello')).resolves.toBe('not_found')
    await stage.clock.settle()
    expect([mine.conn.take(), driver.published]).toEqual([['hello'], []])
  })

  it('of another takes one message there, and one back', async () => {
    const { stage, driver, here, mine, theirs } = await two()
    await expect(here.link.sendTo('2.1', 'hello', { event: 'greeting', key: 'k' })).resolves.toBe('delivered')
    await stage.clock.settle()
    expect([mine.conn.take(), theirs.conn.take()]).toEqual([[], ['hello']])
    expect(driver.published.map(({ channel, name }) => [channel, name])).toEqual([
      ['!2', 'send'],
      ['!1', 'outcome'],
    ])
    expect(stage.clock.timers).toBe(0)
  })

  it('carries bytes', async () => {
    const { stage, here, theirs } = await two()
    const bytes = Uint8Array.from({ length: 20_000 }, (_, n) => n % 256)
    await expect(here.link.sendTo('2.1', bytes)).resolves.toBe('delivered')
    await stage.clock.settle()
    expect(theirs.conn.received).toEqual([bytes])
  })

  it('who is not there says so', async () => {
    const { here, there, theirs } = await two()
    await expect(here.link.sendTo('2.7', 'x')).resolves.toBe('not_found')
    theirs.conn.peerCloses()
    await expect(here.link.sendTo('2.1', 'x')).resolves.toBe('not_found')
    void there.hub.close()
    await expect(here.link.sendTo('2.1', 'x')).resolves.toBe('not_found')
  })

  it('hears no answer that is for the process before it, which had its number', async () => {
    const { stage, driver, here } = await two()
    driver.loses = ({ name }) => name === 'send'
    const outcome = outcomeOf(here.link.sendTo('2.1', 'hello'))
    await stage.clock.settle()
    const [asked] = driver.published.map(
      ({ payload }) => JSON.parse(String(payload)) as { ref: number; by: string },
    )
    const answer = (by: string | undefined): Promise<void> =>
      driver.publish({
        channel: '!1',
        name: 'outcome',
        payload: JSON.stringify({ ref: asked!.ref, by, outcome: 'not_found' }),
      })
    expect(asked!.by).toMatch(/^[0-9a-f]{16}$/)
    await answer('0123456789abcdef')
    await stage.clock.settle()
    expect(outcome.now).toBe('pending')
    await answer(asked!.by)
    await stage.clock.settle()
    expect(outcome.now).toBe('done')
  })

  it('whose id names no node is a matter of this one', async () => {
    const { driver, here } = await two()
    for (const id of ['', 'ann', '2', '2.', '.1', '12345678901.1', '!2.1', '2.1 ']) {
      await expect(here.link.sendTo(id, 'x')).resolves.toBe('not_found')
    }
    expect(driver.published).toEqual([])
  })

  it('is unreachable when its node does not answer within outcomeMs', async () => {
    const stage = new BridgeStage()
    const { link } = stage.node(1, { outcomeMs: 500 })
    await stage.clock.settle()
    const outcomes = ['2.1', '3.1'].map((id) => link.sendTo(id, 'x'))
    const [first] = outcomes.map(outcomeOf)
    await stage.after(400)
    expect(first!.now).toBe('pending')
    await stage.after(200)
    await expect(Promise.all(outcomes)).resolves.toEqual(['unreachable', 'unreachable'])
    expect(stage.clock.timers).toBe(0)
  })

  it('is unreachable by 2 s unless that is said', async () => {
    const { stage, driver, here } = await two()
    driver.loses = ({ name }) => name === 'outcome'
    const sent = here.link.sendTo('2.1', 'x')
    const outcome = outcomeOf(sent)
    await stage.after(1_900)
    expect(outcome.now).toBe('pending')
    await stage.after(200)
    await expect(sent).resolves.toBe('unreachable')
  })

  it('is unreachable at once when the bus refuses it', async () => {
    const { stage, driver, here } = await two()
    driver.refuses = () => new FanfareError('refused', 'down')
    await expect(here.link.sendTo('2.1', 'x')).resolves.toBe('unreachable')
    expect(stage.clock.timers).toBe(0)
  })

  it('is unreachable at once when the link is closed meanwhile', async () => {
    const { stage, driver, here } = await two()
    driver.loses = () => true
    const sent = here.link.sendTo('2.1', 'x')
    await stage.clock.settle()
    await here.link.close()
    await expect(sent).resolves.toBe('unreachable')
    expect(stage.clock.timers).toBe(0)
  })

  it('never rejects, also when the hub is closed', async () => {
    const { here } = await two()
    void here.hub.close()
    await expect(here.link.sendTo('1.1', 'x')).resolves.toBe('not_found')
    await expect(here.link.disconnect('1.1')).resolves.toBe('not_found')
  })

  it('refuses a payload that is neither text nor bytes', async () => {
    const { here } = await two()
    for (const id of ['1.1', '2.1']) {
      await expect(here.link.sendTo(id, { a: 1 } as never)).rejects.toMatchObject({ code: 'bad-message' })
    }
  })

  it('tells many apart that wait at once', async () => {
    const { here, there } = await two()
    for (let n = 0; n < 9; n++) there.connect()
    const ids = Array.from({ length: 20 }, (_, n) => `2.${String(n + 1)}`)
    const outcomes = await Promise.all(ids.map((id) => here.link.sendTo(id, id)))
    expect(outcomes).toEqual(ids.map((_, n) => (n < 10 ? 'delivered' : 'not_found')))
  })
})

describe('disconnecting one client', () => {
  it('works here and there, with a code and a reason', async () => {
    const { stage, here, mine, theirs } = await two()
    await expect(here.link.disconnect('1.1', 'terminated')).resolves.toBe('delivered')
    await expect(here.link.disconnect('2.1', 4_321, 'enough')).resolves.toBe('delivered')
    await stage.clock.settle()
    expect([mine.conn.closedWith, theirs.conn.closedWith]).toEqual([
      { code: 4011, reason: 'terminated' },
      { code: 4_321, reason: 'enough' },
    ])
    await expect(here.link.disconnect('2.1')).resolves.toBe('not_found')
    await expect(here.link.disconnect('1.1')).resolves.toBe('not_found')
  })

  it('without a code is an ordinary end', async () => {
    const { stage, here, theirs } = await two()
    await here.link.disconnect('2.1')
    await stage.clock.settle()
    expect(theirs.conn.closedWith).toMatchObject({ code: 1000 })
  })

  it.each([999, 1001, 2999, 5000, 3000.5, Number.NaN, 'nonsense', 'toString', null])(
    'refuses %s, and sends nothing',
    async (code) => {
      const { driver, here } = await two()
      for (const id of ['1.1', '2.1']) {
        await expect(here.link.disconnect(id, code as never)).rejects.toMatchObject({ code: 'bad-message' })
      }
      expect(driver.published).toEqual([])
    },
  )
})

describe('an inbox', () => {
  const command = (more: object): string => JSON.stringify({ to: '1.1', ref: 1, reply: '2', ...more })

  it.each<[string, Partial<Event>]>([
    ['no name', { payload: command({ data: 'x' }) }],
    ['another name', { name: 'restart', payload: command({ data: 'x' }) }],
    ['bytes', { name: 'send', payload: new Uint8Array(3) }],
    ['no JSON', { name: 'send', payload: '{' }],
    ['null', { name: 'send', payload: 'null' }],
    ['a number', { name: 'outcome', payload: '7' }],
    ['an empty object', { name: 'send', payload: '{}' }],
    ['an outcome of nothing', { name: 'outcome', payload: '{"ref":"1"}' }],
    ['an outcome that nobody waits for', { name: 'outcome', payload: '{"ref":1,"outcome":"delivered"}' }],
    ['no payload', { name: 'send', payload: command({}) }],
    ['a payload that is a number', { name: 'send', payload: command({ data: 5 }) }],
    ['no base64', { name: 'send', payload: command({ data: '***', binary: true }) }],
    ['an event that is a number', { name: 'send', payload: command({ data: 'x', event: 5 }) }],
    ['no client', { name: 'send', payload: command({ data: 'x', to: 7 }) }],
    ['nobody to reply to', { name: 'send', payload: command({ data: 'x', reply: undefined }) }],
    ['a reply to a channel', { name: 'send', payload: command({ data: 'x', reply: 'orders' }) }],
    ['a ref that is text', { name: 'send', payload: command({ data: 'x', ref: '1' }) }],
    ['a close code that is none', { name: 'disconnect', payload: command({ code: 1006 }) }],
    ['a word that is none', { name: 'disconnect', payload: command({ code: 'constructor' }) }],
    ['a reason that is none', { name: 'disconnect', payload: command({ reason: {} }) }],
  ])('ignores %s', async (_, event) => {
    const { stage, driver, mine } = await two()
    await driver.publish({ channel: '!1', payload: '', ...event })
    await stage.clock.settle()
    expect([mine.conn.received, mine.conn.open, driver.published.length]).toEqual([[], true, 1])
    expect(stage.reported).toEqual([])
  })

  it('ignores whatever else there may be', async () => {
    const { stage, driver, here, mine } = await two()
    const body = fc.oneof(
      fc.json(),
      fc
        .record(
          { to: fc.constantFrom('9.9', 5), ref: fc.jsonValue(), reply: fc.jsonValue(), data: fc.jsonValue() },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('send', 'disconnect', 'outcome'), body, async (name, payload) => {
        await driver.publish({ channel: '!1', name, payload }).catch(() => {})
      }),
      { numRuns: 500 },
    )
    await stage.after(3_000)
    expect([mine.conn.received, mine.conn.open, stage.reported]).toEqual([[], true, []])
    await expect(here.link.sendTo('2.1', 'still there')).resolves.toBe('delivered')
  })

  it('takes no outcome but the one that is awaited', async () => {
    const { stage, driver, here } = await two()
    driver.loses = ({ channel }) => channel === '!2'
    const sent = here.link.sendTo('2.1', 'x')
    const outcome = outcomeOf(sent)
    const { ref } = JSON.parse(String(driver.published[0]!.payload)) as { ref: number }
    for (const answer of [{ ref: ref + 1, outcome: 'delivered' }, { ref, outcome: 'maybe' }, { ref }]) {
      await driver.publish({ channel: '!1', name: 'outcome', payload: JSON.stringify(answer) })
    }
    await stage.clock.settle()
    expect(outcome.now).toBe('pending')
    await driver.publish({
      channel: '!1',
      name: 'outcome',
      payload: JSON.stringify({ ref, outcome: 'not_found' }),
    })
    await expect(sent).resolves.toBe('not_found')
  })
})
