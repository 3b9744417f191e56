import { ClientError, type GatewayClient, type GatewayMessage, plain, UnauthorizedError } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { testGateway } from '../fakes/test-gateway.ts'

const call = (id: number | undefined, method: string, data: unknown = null): object => ({
  op: 'call',
  id,
  method,
  data,
})

describe('a handler', () => {
  it('is handed the client and the message', async () => {
    const { gateway, visit } = testGateway()
    let seen: { client: GatewayClient; message: GatewayMessage } | undefined
    gateway.on('chat', (client, message) => {
      seen = { client, message }
      expect(client.channels).toEqual(['orders'])
      expect(client.handshake.query('room')).toBe('7')
      expect(message.data).toBe(message.data)
    })
    const ann = await visit({ path: '/', query: { room: '7' } })
    await ann.ask({ op: 'sub', channel: 'orders' })
    await ann.ask('{"op":"call","method":"chat","data":{"n": 1.0,  "e":1e5}}')
    expect(seen).toMatchObject({
      client: { id: ann.client.id, client: ann.client, connected: true },
      message: {
        event: 'chat',
        channel: undefined,
        text: '{"n": 1.0,  "e":1e5}',
        data: { n: 1, e: 100_000 },
        binary: undefined,
      },
    })
  })

  it('finds the same client each time, with what it remembers of it', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('count', ({ metadata }) => {
      const count = Number(metadata.get('count') ?? 0) + 1
      metadata.set('count', count)
      return count
    })
    const [ann, ben] = [await visit(), await visit()]
    expect(await ann.ask(call(1, 'count'), call(2, 'count'))).toEqual([
      { op: 'ok', id: 1, data: 1 },
      { op: 'ok', id: 2, data: 2 },
    ])
    expect(await ben.ask(call(1, 'count'))).toEqual([{ op: 'ok', id: 1, data: 1 }])
  })

  it('sends to the client, and closes it', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('tell', (client) => client.send('news', { n: 1 }))
    gateway.on('nothing', (client) => client.send('news', undefined))
    gateway.on('out', (client) => {
      client.close('terminated', 'enough')
      return client.send('news', 'too late')
    })
    const ann = await visit()
    expect(await ann.ask(call(1, 'tell'), call(undefined, 'nothing'))).toEqual([
      { op: 'msg', event: 'news', data: { n: 1 } },
      { op: 'ok', id: 1, data: true },
      { op: 'msg', event: 'news', data: null },
    ])
    expect(await ann.ask(call(2, 'out'))).toEqual([
      { op: 'bye', code: 'terminated', retry: false, message: 'enough' },
    ])
  })

  it('is the newest for its name', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('chat', () => 'old').on('chat', () => 'new')
    const ann = await visit()
    expect(await ann.ask(call(1, 'chat'))).toEqual([{ op: 'ok', id: 1, data: 'new' }])
  })

  it.each(['__proto__', 'constructor', 'toString', ''])(
    'is not found under the name %j unless it was given',
    async (name) => {
      const { gateway, visit } = testGateway()
      const ann = await visit()
      expect(await ann.ask(call(1, name))).toEqual([
        { op: 'err', id: 1, code: 'unknown', message: 'nobody here handles that' },
      ])
      gateway.on(name, () => 'here')
      expect(await ann.ask(call(1, name))).toEqual([{ op: 'ok', id: 1, data: 'here' }])
    },
  )
})

describe('the catch-all', () => {
  it('gets what has no handler of its own', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('chat', () => 'chat').onMessage((_client, { event }) => `caught ${event}`)
    const ann = await visit()
    expect(await ann.ask(call(1, 'chat'), call(2, 'dance'))).toEqual([
      { op: 'ok', id: 1, data: 'chat' },
      { op: 'ok', id: 2, data: 'caught dance' },
    ])
  })

  it('gets everything of a protocol without names, text and bytes, in order', async () => {
    const { gateway, visit, errors } = testGateway({ protocols: { '/': plain() } })
    const seen: unknown[] = []
    gateway.onMessage((_client, { event, channel, text, binary }) => {
      seen.push({ event, channel, text, binary })
      return 'an answer that nobody can hear'
    })
    const ann = await visit()
    expect(await ann.ask('hello', new Uint8Array([1, 2]), '')).toEqual([])
    const nameless = { event: '', channel: undefined }
    expect(seen).toEqual([
      { ...nameless, text: 'hello', binary: undefined },
      { ...nameless, text: '', binary: new Uint8Array([1, 2]) },
      { ...nameless, text: '', binary: undefined },
    ])
    expect(errors).toEqual([])
  })

  it('may be missing: then such messages go nowhere', async () => {
    const { visit, errors } = testGateway({ protocols: { '/': plain() } })
    const ann = await visit()
    expect(await ann.ask('hello')).toEqual([])
    expect(ann.conn.open).toBe(true)
    expect(errors).toEqual([])
  })
})

describe('an answer', () => {
  it.each<[string, unknown, object]>([
    ['a value', { a: [1] }, { data: { a: [1] } }],
    ['null', null, { data: null }],
    ['false', false, { data: false }],
    ['nothing', undefined, {}],
    ['what JSON has no word for', () => {}, { data: null }],
    ['an object that says how it is printed', { toJSON: () => 'printed' }, { data: 'printed' }],
  ])('is what was returned, or resolved to: %s', async (_what, value, expected) => {
    const { gateway, visit } = testGateway()
    gateway.on('now', () => value).on('later', () => Promise.resolve(value))
    // oxlint-disable-next-line unicorn/no-thenable -- handlers may return one that is no Promise
    gateway.on('thenable', () => ({ then: (done: (value: unknown) => void) => done(value) }))
    const ann = await visit()
    for (const [id, method] of ['now', 'later', 'thenable'].entries()) {
      expect(await ann.ask(call(id, method))).toEqual([{ op: 'ok', id, ...expected }])
    }
  })

  it('is not given when none was asked for', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('now', () => 1).on('later', () => Promise.resolve(1))
    const ann = await visit()
    expect(await ann.ask(call(undefined, 'now'), call(undefined, 'later'))).toEqual([])
  })

  it.each<[string, () => unknown]>([
    ['too big a number', () => 1n],
    ['a circle', circle],
    ['an object that throws', () => ({ toJSON: explode })],
  ])('that cannot be printed is an error of the handler: %s', async (_what, make) => {
    const { gateway, visit, errors } = testGateway()
    gateway.on('now', make).on('later', () => Promise.resolve(make()))
    const ann = await visit()
    for (const [id, method] of ['now', 'later'].entries()) {
      expect(await ann.ask(call(id, method))).toEqual([
        { op: 'err', id, code: 'internal', message: 'something went wrong here' },
      ])
    }
    expect(errors.map(({ where }) => where)).toEqual(['handler', 'handler'])
  })
})

describe('an error of a handler', () => {
  const failing: Record<string, (error: unknown) => unknown> = {
    thrown: (error) => {
      throw error
    },
    rejected: async (error) => {
      throw error
    },
  }

  it.each(Object.keys(failing))('reaches the client as it is when it is a ClientError: %s', async (how) => {
    const { gateway, visit, errors } = testGateway()
    const cause = new Error('the secret cause')
    gateway.on('fail', () => failing[how]?.(new ClientError('forbidden', 'not on Sundays', { cause })))
    const ann = await visit()
    expect(await ann.ask(call(1, 'fail'), call(undefined, 'fail'))).toEqual([
      { op: 'err', id: 1, code: 'forbidden', message: 'not on Sundays' },
      { op: 'err', code: 'forbidden', message: 'not on Sundays' },
    ])
    expect(errors).toEqual([])
  })

  it.each<[string, unknown]>([
    ['an error', new Error('password: hunter2')],
    ['an error of the hub', new UnauthorizedError('private-secret')],
    ['a string', 'password: hunter2'],
    ['nothing', undefined],
    [
      'an object that looks like a ClientError',
      { name: 'ClientError', why: 'forbidden', message: 'hunter2' },
    ],
  ])('reaches the client as internal, and the operator as it is: %s', async (_what, error) => {
    const { gateway, visit, errors } = testGateway()
    gateway.on('thrown', () => failing['thrown']?.(error)).on('rejected', () => failing['rejected']?.(error))
    const ann = await visit()
    expect(await ann.ask(call(1, 'thrown'), call(2, 'rejected'))).toEqual(
      [1, 2].map((id) => ({ op: 'err', id, code: 'internal', message: 'something went wrong here' })),
    )
    expect(errors).toEqual([1, 2].map(() => ({ error, where: 'handler', client: ann.client })))
  })

  it('of the hub says nothing of what the handler did with it', async () => {
    const { gateway, hub, visit, errors } = testGateway({ hub: { authorizer: () => false } })
    gateway.on('join', ({ client }) => hub.subscribe(client, 'private-board-of-directors'))
    const ann = await visit()
    expect(await ann.ask(call(1, 'join'))).toEqual([
      { op: 'err', id: 1, code: 'internal', message: 'something went wrong here' },
    ])
    expect(errors).toEqual([{ error: expect.any(UnauthorizedError), where: 'handler', client: ann.client }])
  })

  it('hurts nobody else, and not the next message', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('fail', explode).on('work', () => 'done')
    const [ann, ben] = [await visit(), await visit()]
    ann.conn.says(call(1, 'fail'))
    expect(await ben.ask(call(1, 'work'))).toEqual([{ op: 'ok', id: 1, data: 'done' }])
    expect((await ann.ask(call(2, 'work'))).at(-1)).toEqual({ op: 'ok', id: 2, data: 'done' })
  })
})

function explode(): never {
  throw new Error('password: hunter2')
}

function circle(): object {
  const round: { self?: object } = {}
  round.self = round
  return round
}
