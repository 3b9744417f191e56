import { createHmac } from 'node:crypto'

import { nameOnBus } from '@fanfare/broadcasting/driver'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'
import { describe, expect, it } from 'vitest'

import { BusStage, letter } from '../fakes/scripted-bus.ts'

const OLD = 'the-secret-of-last-year'
const NEW = 'the-secret-of-this-year'
const ORDERS = nameOnBus('fanfare', 'orders')

/** A node that listens, and all that another publishes as it travels. */
async function staged(mine: string | string[] | undefined, theirs: string | string[] | undefined) {
  const stage = new BusStage()
  const [here, there] = [await stage.up({ secret: mine }), await stage.up({ secret: theirs })]
  const listener = stage.listen(here)
  await stage.clock.settle()
  const publish = async (payload: string | Uint8Array): Promise<string> => {
    stage.server.holdMessages = true
    await there.publish({ channel: 'orders', payload, name: 'n' })
    const [{ text } = { text: '' }] = stage.server.messages
    stage.server.deliver()
    return text
  }
  return { stage, here, there, listener, publish }
}

describe('a secret', () => {
  it('signs what is published, and takes what others have signed', async () => {
    const { here, listener, publish } = await staged(NEW, NEW)
    const text = await publish('{"one":1}')
    await publish('zwölf ✓')
    await publish(Uint8Array.of(1, 2, 255))
    expect(listener.events.map(({ payload }) => payload)).toEqual([
      '{"one":1}',
      'zwölf ✓',
      Uint8Array.of(1, 2, 255),
    ])
    expect(here.stats()).toMatchObject({ unsigned: 0, gaps: 0 })
    // As anybody can compute it who has the secret.
    const signature = /,"g":"([\w-]{43})"}\n/.exec(text)![1]!
    const bare = text.replace(`,"g":"${signature}"}`, '}')
    expect(createHmac('sha256', NEW).update(`${ORDERS}\n${bare}`).digest('base64url')).toBe(signature)
  })

  it.each([
    ['nobody', (_text: string) => letter({ s: 1 })],
    ['nobody, though it looks like it', () => letter({ s: 1, g: 'A'.repeat(43) })],
    ['nobody, at any length', () => letter({ s: 1, g: '' })],
    ['nobody, as a number', () => letter({ s: 1, g: 7 })],
    ['somebody, with another payload', (text: string) => `${text} `],
    ['somebody, with another number', (text: string) => text.replace('"s":1', '"s":2')],
    ['somebody, with another key behind it', (text: string) => text.replace('"}\n', '","x":[]}\n')],
    ['somebody, with another key before it', (text: string) => text.replace('{"o"', '{"k":"a","o"')],
    ['somebody, twice', (text: string) => text.replace(/,"g":"([^"]+)"/, ',"g":"$1","g":"$1"')],
    ['somebody, as a header alone', (text: string) => text.slice(0, text.indexOf('\n'))],
    [
      'somebody, with a header that is too long',
      (text: string) => text.replace('{', `{"z":"${'z'.repeat(70_000)}",`),
    ],
  ])('drops what was signed by %s', async (_, change) => {
    const { stage, here, publish, listener } = await staged(NEW, NEW)
    const other = await staged(NEW, NEW)
    const text = change(await other.publish('"x"'))
    for (let n = 0; n < 10; n++) stage.server.inject(ORDERS, text)
    await stage.after(3_000)
    expect(listener.heard).toEqual([])
    expect(here.stats()).toMatchObject({ unsigned: 10, gaps: 0, origins: 0 })
    expect(stage.logged).toEqual([expect.stringContaining('no valid signature')])
    await publish('1')
    expect(listener.heard).toEqual(['1'])
  })

  it('holds for one channel and one prefix', async () => {
    const { stage, here, listener } = await staged(NEW, NEW)
    const { publish } = await staged(NEW, NEW)
    const text = await publish('"x"')
    const invoices = stage.listen(here, 'invoices')
    const apart = stage.listen(await stage.up({ secret: NEW, prefix: 'other' }))
    await stage.clock.settle()
    stage.server.inject(nameOnBus('fanfare', 'invoices'), text)
    stage.server.inject(nameOnBus('other', 'orders'), text)
    expect([invoices.heard, apart.heard, listener.heard]).toEqual([[], [], []])
    stage.server.inject(ORDERS, text)
    expect(listener.heard).toEqual(['"x"'])
  })

  it('is replaced while nodes run: the first signs, all are taken', async () => {
    for (const [mine, theirs, heard] of [
      [[OLD, NEW], OLD, true],
      [[OLD, NEW], [NEW, OLD], true],
      [NEW, [NEW, OLD], true],
      [NEW, [OLD, NEW], false],
      [NEW, OLD, false],
      [undefined, NEW, true],
      [NEW, undefined, false],
    ] as const) {
      const { publish, listener } = await staged(mine as string[] | undefined, theirs as string[] | undefined)
      await publish('1')
      expect([mine, theirs, listener.heard]).toEqual([mine, theirs, heard ? ['1'] : []])
    }
  })

  it('signs what goes to one node too', async () => {
    const { stage, there } = await staged(NEW, NEW)
    const inbox = stage.listen(there, '!17')
    await stage.clock.settle()
    stage.server.inject(nameOnBus('fanfare', '!17'), letter({ s: 1 }, '{"to":"17.1"}'))
    expect(inbox.heard).toEqual([])
    await there.publish({ channel: '!17', payload: '{}' })
    await stage.clock.settle()
    expect(inbox.heard).toEqual(['{}'])
  })

  it.each([
    ['short', 'fifteen letters'],
    ['empty', ''],
    ['an empty list', []],
    ['a list with a short one', [NEW, 'short']],
    ['nine', Array.from({ length: 9 }, () => NEW)],
    ['a number', 1_234_567_890_123_456],
    ['null', null],
    ['bytes', new Uint8Array(32)],
  ])('has to be one: not %s', (_, secret) => {
    const options = { secret: secret as string }
    for (const make of [() => new BusStage().driver(options), () => redis(options), () => nats(options)]) {
      expect(make).toThrow(/secret takes a secret of at least 16 characters, or a list of 1 to 8/)
      expect(make).not.toThrow(/not .*fifteen/)
    }
  })
})
