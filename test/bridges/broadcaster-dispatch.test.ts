import { ChannelNameError, OptionError } from '@fanfare/core/contract'
import { describe, expect, test } from 'vitest'
import { type Broadcastable, Broadcaster } from '@fanfare/broadcasting'
import { RecordingDriver } from './recording-driver.ts'

function made(): { driver: RecordingDriver; broadcaster: Broadcaster } {
  const driver = new RecordingDriver()
  return { driver, broadcaster: new Broadcaster(driver) }
}

class OrderShipped implements Broadcastable {
  readonly #secret = 'never'
  readonly id: number
  readonly format = () => String(this.id)

  constructor(id: number) {
    this.id = id
  }

  get hint(): string {
    return this.#secret
  }

  broadcastOn(): string | readonly string[] {
    return 'orders'
  }
}

describe('dispatch', () => {
  test('sends own data under the name of the class', async () => {
    const { driver, broadcaster } = made()
    await broadcaster.dispatch(new OrderShipped(7))
    expect(driver.published).toEqual([{ channel: 'orders', name: 'OrderShipped', payload: '{"id":7}' }])
  })

  test('sends broadcastWith and nothing else, as broadcastAs, to every channel of broadcastOn once', async () => {
    class Custom extends OrderShipped {
      override broadcastOn() {
        return ['orders', 'private-user.7', 'orders']
      }
      broadcastAs() {
        return 'order.shipped'
      }
      broadcastWith() {
        return { number: this.id + 1 }
      }
    }
    const { driver, broadcaster } = made()
    await broadcaster.dispatch(new Custom(7))
    const sent = { name: 'order.shipped', payload: '{"number":8}' }
    expect(driver.published).toEqual([
      { channel: 'orders', ...sent },
      { channel: 'private-user.7', ...sent },
    ])
  })

  test('takes undefined of broadcastWith for null, not for the own data', async () => {
    const { driver, broadcaster } = made()
    await broadcaster.dispatch(Object.assign(new OrderShipped(7), { broadcastWith: () => undefined }))
    expect(driver.published).toMatchObject([{ payload: 'null' }])
  })

  test.each([
    [() => true, 1],
    [() => false, 0],
    [async () => Promise.resolve(true), 1],
    [async () => Promise.resolve(false), 0],
  ])('asks broadcastWhen (%#)', async (broadcastWhen, count) => {
    const { driver, broadcaster } = made()
    await broadcaster.dispatch(Object.assign(new OrderShipped(7), { broadcastWhen }))
    expect(driver.published).toHaveLength(count)
  })

  test('asks nothing else of an event that is not to be broadcast', async () => {
    const { broadcaster } = made()
    const never = (): never => expect.unreachable('asked all the same')
    await broadcaster.dispatch({ broadcastWhen: () => false, broadcastOn: never, broadcastWith: never })
  })

  test('leaves out the clients that the event and the caller name', async () => {
    const { driver, broadcaster } = made()
    const event = Object.assign(new OrderShipped(7), { broadcastToOthers: () => '1.2' })
    await broadcaster.dispatch(event, { toOthers: '3.4' })
    await broadcaster.dispatch(new OrderShipped(7), { toOthers: undefined })
    expect(driver.published.map(({ except }) => except)).toEqual([['1.2', '3.4'], undefined])
  })

  test('takes a plain object that names itself', async () => {
    const { driver, broadcaster } = made()
    await broadcaster.dispatch({ broadcastOn: () => 'a', broadcastAs: () => 'e', ...{ id: 1 } })
    expect(driver.published).toEqual([{ channel: 'a', name: 'e', payload: '{"id":1}' }])
  })

  const broadcastOn = () => 'a'
  test.each([
    ['a plain object', { broadcastOn }],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { broadcastOn })],
    ['an object with a constructor that is data', { broadcastOn, constructor: 'Robert' }],
    [
      'an object of an anonymous class',
      new (class {
        broadcastOn = broadcastOn
      })(),
    ],
  ])('needs a name: %s has none', async (_what, event) => {
    const { driver, broadcaster } = made()
    await expect(broadcaster.dispatch(event as Broadcastable)).rejects.toMatchObject({
      code: 'bad-message',
      message: expect.stringContaining('broadcastAs'),
    })
    expect(driver.published).toEqual([])
  })

  test.each([
    ['no channel', () => [], OptionError],
    ['what is no list', () => undefined as unknown as string, OptionError],
    ['a bad name', () => ['a', 'b c'], ChannelNameError],
  ])('rejects %s', async (_what, on, kind) => {
    const { driver, broadcaster } = made()
    const event = Object.assign(new OrderShipped(7), { broadcastOn: on })
    await expect(broadcaster.dispatch(event)).rejects.toBeInstanceOf(kind)
    expect(driver.published).toEqual([])
  })

  test('rejects with what a method of the event throws, and unknown options', async () => {
    const { broadcaster } = made()
    const error = new Error('no data')
    const broadcastWith = () => {
      throw error
    }
    await expect(broadcaster.dispatch(Object.assign(new OrderShipped(7), { broadcastWith }))).rejects.toBe(
      error,
    )
    const options = { others: '1.2' } as object
    await expect(broadcaster.dispatch(new OrderShipped(7), options)).rejects.toBeInstanceOf(OptionError)
  })
})
