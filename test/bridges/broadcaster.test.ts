import { ChannelNameError, FanfareError, OptionError } from '@fanfare/core/contract'
import { Hub } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, test } from 'vitest'
import { Broadcaster, BroadcastError, type BroadcasterOptions, socketId } from '@fanfare/broadcasting'
import { turns } from '../support/until.ts'
import { RecordingDriver } from './recording-driver.ts'

function made(options?: BroadcasterOptions): { driver: RecordingDriver; broadcaster: Broadcaster } {
  const driver = new RecordingDriver()
  return { driver, broadcaster: new Broadcaster(driver, options) }
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it did not reject'),
    (error: unknown) => error,
  )
}

describe('emit', () => {
  test('publishes the data as JSON to every channel, and to each of them once', async () => {
    const { driver, broadcaster } = made()
    await broadcaster
      .channel('orders', 'notices', 'orders')
      .channel('notices')
      .emit('OrderShipped', { id: 7 })
    expect(driver.published).toEqual([
      { channel: 'orders', name: 'OrderShipped', payload: '{"id":7}' },
      { channel: 'notices', name: 'OrderShipped', payload: '{"id":7}' },
    ])
  })

  test('prefixes private and presence channels, once', async () => {
    const { driver, broadcaster } = made()
    await broadcaster
      .private('user.1', 'private-user.2')
      .presence('chat.1', 'presence-chat.2', 'private-chat')
      .channel('all')
      .emit('e', 1)
    expect(driver.published.map(({ channel }) => channel)).toEqual([
      'private-user.1',
      'private-user.2',
      'presence-chat.1',
      'presence-chat.2',
      'presence-private-chat',
      'all',
    ])
    await broadcaster.presence('room').private('room', 'private-room').emit('e', 1)
    expect(driver.published.slice(6).map(({ channel }) => channel)).toEqual(['presence-room', 'private-room'])
  })

  test('prints undefined as null, and every channel gets the same text of one printing', async () => {
    const { driver, broadcaster } = made()
    await broadcaster.channel('a').emit('e', undefined)
    let printings = 0
    await broadcaster.channel('a', 'b').emit('e', { toJSON: () => ++printings })
    expect(driver.published.map(({ payload }) => payload)).toEqual(['null', '1', '1'])
  })

  test('sends the data as it was when emit was called', async () => {
    const { driver, broadcaster } = made()
    const data = { n: 1 }
    const sent = broadcaster
      .channel('a')
      .when(async () => Promise.resolve(true))
      .emit('e', data)
    data.n = 2
    await sent
    expect(driver.published).toMatchObject([{ payload: '{"n":1}' }])
  })

  test('resolves when the bus has it, not before', async () => {
    const { driver, broadcaster } = made()
    let open = (): void => undefined
    driver.gate = new Promise((resolve) => (open = resolve))
    let settled = false
    const sent = broadcaster.channel('a').emit('e', 1)
    void sent.then(() => (settled = true))
    await turns()
    expect(settled).toBe(false)
    open()
    await sent
  })

  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic

  test.each([
    ['a cycle', cyclic],
    ['a bigint', 1n],
  ])('rejects data that is no JSON: %s', async (_what, data) => {
    const { driver, broadcaster } = made()
    const error = await failure(broadcaster.channel('a').emit('e', data))
    expect(error).toBeInstanceOf(FanfareError)
    expect(error).toMatchObject({ code: 'bad-message', cause: expect.any(TypeError) })
    expect(driver.published).toEqual([])
  })

  test('rejects an event without a name', async () => {
    const { driver, broadcaster } = made()
    expect(await failure(broadcaster.channel('a').emit('', 1))).toMatchObject({ code: 'bad-message' })
    expect(driver.published).toEqual([])
  })

  test.each(['', 'no spaces', 'ünicode', '!5', 'x'.repeat(201), 7 as unknown as string])(
    'rejects the channel name %j before anything is sent',
    async (name) => {
      const { driver, broadcaster } = made()
      for (const broadcast of [
        broadcaster.channel('good', name),
        broadcaster.private('good', name),
        broadcaster.presence('good', name),
      ]) {
        expect(await failure(broadcast.emit('e', 1))).toBeInstanceOf(ChannelNameError)
      }
      expect(driver.published).toEqual([])
    },
  )

  test('rejects when there is no channel at all', async () => {
    const { broadcaster } = made()
    const error = await failure(broadcaster.channel().emit('e', 1))
    expect(error).toBeInstanceOf(OptionError)
    expect(String(error)).toContain('at least one channel')
  })

  test('publishes to the other channels when one fails, and says which failed', async () => {
    const { driver, broadcaster } = made()
    const refused = new FanfareError('refused', 'no room')
    driver.failures.set('b', refused).set('d', new FanfareError('unknown', 'lost'))
    const error = await failure(broadcaster.channel('a', 'b', 'c', 'd').emit('e', 1))
    expect(driver.published.map(({ channel }) => channel)).toEqual(['a', 'c'])
    expect(error).toBeInstanceOf(BroadcastError)
    expect(error).toMatchObject({
      code: 'refused',
      cause: refused,
      failures: [
        { channel: 'b', error: refused },
        { channel: 'd', error: { code: 'unknown' } },
      ],
    })
    expect(String(error)).toMatch(/2 of 4 channels.*b: no room/)
  })

  test('takes the outcome for unknown when the driver fails without a code, or throws', async () => {
    const { driver, broadcaster } = made()
    driver.failures.set('a', new TypeError('a slip'))
    expect(await failure(broadcaster.channel('a').emit('e', 1))).toMatchObject({ code: 'unknown' })
    driver.publish = () => {
      throw new FanfareError('closed', 'closed')
    }
    expect(await failure(broadcaster.channel('a').emit('e', 1))).toMatchObject({ code: 'closed' })
  })
})

describe('the builder', () => {
  test('leaves out the clients given to toOthers, all of them', async () => {
    const { driver, broadcaster } = made()
    await broadcaster.channel('a').toOthers('1.2').toOthers('3.4').toOthers('1.2').emit('e', 1)
    expect(driver.published).toMatchObject([{ except: ['1.2', '3.4'] }])
  })

  test.each([undefined, null, ''])('leaves out nobody for %j', async (id) => {
    const { driver, broadcaster } = made()
    await broadcaster.channel('a').toOthers(id).emit('e', 1)
    expect(driver.published[0]?.except).toBeUndefined()
  })

  test('is immutable: one beginning serves several broadcasts', async () => {
    const { driver, broadcaster } = made()
    const begun = broadcaster.channel('a')
    await begun.private('b').toOthers('1.2').emit('first', 1)
    await begun.when(false).emit('second', 1)
    await begun.emit('third', 1)
    expect(driver.published).toEqual([
      { channel: 'a', name: 'first', payload: '1', except: ['1.2'] },
      { channel: 'private-b', name: 'first', payload: '1', except: ['1.2'] },
      { channel: 'a', name: 'third', payload: '1' },
    ])
  })

  test.each([
    [true, 1],
    [false, 0],
    [() => true, 1],
    [() => false, 0],
    [async () => Promise.resolve(true), 1],
    [async () => Promise.resolve(false), 0],
  ])('sends when the condition holds, and resolves either way (%#)', async (condition, count) => {
    const { driver, broadcaster } = made()
    await broadcaster.channel('a').when(condition).emit('e', 1)
    expect(driver.published).toHaveLength(count)
  })

  test('sends only when all conditions hold, and asks none behind one that does not', async () => {
    const { driver, broadcaster } = made()
    const asked: string[] = []
    const ask = (name: string, holds: boolean) => () => {
      asked.push(name)
      return holds
    }
    const begun = broadcaster.channel('a').when(ask('first', true))
    await begun.when(ask('second', false)).when(ask('third', true)).emit('e', 1)
    await begun.when(false).emit('e', 1)
    expect(asked).toEqual(['first', 'second'])
    expect(driver.published).toEqual([])
  })

  test('rejects with what a condition throws', async () => {
    const { driver, broadcaster } = made()
    const error = new Error('cannot tell')
    const thrown = broadcaster.channel('a').when(() => {
      throw error
    })
    expect(await failure(thrown.emit('e', 1))).toBe(error)
    expect(
      await failure(
        broadcaster
          .channel('a')
          .when(async () => Promise.reject(error))
          .emit('e', 1),
      ),
    ).toBe(error)
    expect(driver.published).toEqual([])
  })

  test('refuses a condition that is none', () => {
    const { broadcaster } = made()
    expect(() => broadcaster.channel('a').when('yes' as unknown as boolean)).toThrow(OptionError)
  })
})

describe('options', () => {
  test.each([
    { sender: 1 },
    { hub: {} },
    { contract: 'orders' },
    { contract: null },
    { authorize: true },
    { presenceData: {} },
  ])('refuses %j', (options) => {
    expect(() => made(options as unknown as BroadcasterOptions)).toThrow(OptionError)
  })

  test('refuses what is no driver', () => {
    expect(() => new Broadcaster(undefined as unknown as RecordingDriver)).toThrow(OptionError)
    expect(() => new Broadcaster({} as unknown as RecordingDriver)).toThrow(OptionError)
  })
})

describe('clients', () => {
  test('are those that are subscribed on this node', async () => {
    const { hub, connect } = testHub()
    const { broadcaster } = made({ hub })
    const { client } = connect()
    expect(broadcaster.clients('orders')).toEqual([])
    await hub.subscribe(client, 'orders')
    expect(broadcaster.clients('orders')).toEqual([client.id])
    expect(broadcaster.clients('other')).toEqual([])
  })

  test('need a hub and a channel name', () => {
    expect(() => made().broadcaster.clients('orders')).toThrow(expect.objectContaining({ code: 'no-hub' }))
    expect(() => made({ hub: new Hub() }).broadcaster.clients('')).toThrow(ChannelNameError)
  })
})

describe('authorizer', () => {
  const client = { id: '1.2', channels: [] }
  const asked = (channel: string, auth: unknown = { name: 'ada' }) =>
    ({
      channel,
      type: channel.startsWith('presence-') ? 'presence' : 'private',
      client,
      auth,
      credentials: undefined,
    }) as const

  test('denies while nothing is set', async () => {
    const authorize = made().broadcaster.authorizer()
    expect(await authorize(asked('private-a'))).toEqual({ allowed: false })
    expect(await authorize(asked('presence-a'))).toEqual({ allowed: false })
  })

  test('asks the function that is set, with channel and user', async () => {
    const { broadcaster } = made({ authorize: (channel, user) => channel === `private-${String(user)}` })
    const authorize = broadcaster.authorizer()
    expect(await authorize(asked('private-ada', 'ada'))).toEqual({ allowed: true })
    expect(await authorize(asked('private-bob', 'ada'))).toEqual({ allowed: false })
    broadcaster.setAuthorizer(async () => Promise.resolve(true))
    expect(await authorize(asked('private-bob', 'ada'))).toEqual({ allowed: true })
  })

  test('takes nothing but true for a yes', async () => {
    const { broadcaster } = made()
    broadcaster.setAuthorizer((() => ({ allowed: false })) as unknown as () => boolean)
    expect(await broadcaster.authorizer()(asked('private-a'))).toEqual({ allowed: false })
  })

  test('names the member of a presence channel by the presence data', async () => {
    const { broadcaster } = made({
      authorize: () => true,
      presenceData: async (channel, user) => Promise.resolve({ id: 7, channel, user }),
    })
    const data = { id: 7, channel: 'presence-a', user: 'ada' }
    const authorize = broadcaster.authorizer()
    expect(await authorize(asked('presence-a', 'ada'))).toEqual({
      allowed: true,
      member: { id: 7, info: data },
    })
    expect(await authorize(asked('private-a', 'ada'))).toEqual({ allowed: true })
  })

  test.each([null, 'ada', { name: 'ada' }, { id: {} }])(
    'leaves the id of the member to the hub when the presence data is %j',
    async (data) => {
      const { broadcaster } = made({ authorize: () => true, presenceData: () => data })
      expect(await broadcaster.authorizer()(asked('presence-a'))).toEqual({
        allowed: true,
        member: { info: data },
      })
    },
  )

  test('leaves the member to the hub when there is no presence data', async () => {
    const { broadcaster } = made({ authorize: () => true, presenceData: () => undefined })
    expect(await broadcaster.authorizer()(asked('presence-a'))).toEqual({ allowed: true })
  })

  test('does not ask for the presence data of somebody who is denied', async () => {
    const { broadcaster } = made({ presenceData: () => expect.unreachable('asked all the same') })
    expect(await broadcaster.authorizer()(asked('presence-a'))).toEqual({ allowed: false })
  })

  test('works in a hub', async () => {
    const { broadcaster } = made()
    const { hub, connect } = testHub({ authorizer: broadcaster.authorizer() })
    const { client: ada } = connect()
    await expect(hub.subscribe(ada, 'presence-room')).rejects.toMatchObject({ code: 'unauthorized' })
    broadcaster.setAuthorizer((channel) => channel === 'presence-room')
    broadcaster.setPresenceData(() => ({ id: 'ada', name: 'Ada' }))
    await hub.subscribe(ada, 'presence-room')
    expect(hub.presence('presence-room')).toEqual([{ id: 'ada', info: { id: 'ada', name: 'Ada' } }])
  })
})

describe('socketId', () => {
  test('reads the header of a fetch request', () => {
    const request = (id: string) => new Request('http://localhost/', { headers: { 'X-Socket-ID': id } })
    expect(socketId(request('12.34'))).toBe('12.34')
    expect(socketId(request('12.34, 5.6'))).toBeUndefined()
    expect(socketId(new Request('http://localhost/'))).toBeUndefined()
  })

  test.each(['x-socket-id', 'X-Socket-ID', 'X-SOCKET-ID'])('reads %s of a Node request', (name) => {
    expect(socketId({ headers: { host: 'localhost', [name]: '12.34' } })).toBe('12.34')
    expect(socketId({ headers: { [name]: ['12.34'] } })).toBe('12.34')
    expect(socketId({ headers: { [name]: ['12.34', '5.6'] } })).toBeUndefined()
    expect(socketId({ headers: { [name]: undefined } })).toBeUndefined()
  })

  test('is not misled by a header that is called get', () => {
    expect(socketId({ headers: { get: 'x', 'x-socket-id': '1.2' } })).toBe('1.2')
  })

  test.each(['', '12', '12.', '.34', '12.34.56', 'a.b', '1.2\n', ' 1.2', '-1.2', '١.٢', '1.2;3'])(
    'takes %j for none',
    (id) => expect(socketId({ headers: { 'x-socket-id': id } })).toBeUndefined(),
  )
})
