import { ClientError, type Context, type Phase } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { bearer, byToken, call, deferred, testGateway } from '../fakes/test-gateway.ts'

const sub = (id: number, channel: string, auth?: unknown): object => ({ op: 'sub', id, channel, auth })

describe('middleware', () => {
  it('goes around each step, in the order of registration', async () => {
    const { gateway, visit } = testGateway()
    const log: string[] = []
    for (const name of ['a', 'b']) {
      gateway.use(async (context, next) => {
        log.push(`${name} before ${context.phase}`)
        const result = await next()
        log.push(`${name} after ${context.phase}`)
        return result
      })
    }
    gateway.on('work', () => {
      log.push('work')
      return 'done'
    })
    const ann = await visit()
    log.length = 0
    expect(await ann.ask(call(1, 'work'))).toEqual([{ op: 'ok', id: 1, data: 'done' }])
    expect(log).toEqual([
      'a before message',
      'b before message',
      'work',
      'b after message',
      'a after message',
    ])
  })

  it('is registered once for all phases, or for those that it names', async () => {
    const { gateway, visit } = testGateway()
    const all: Phase[] = []
    const some: Phase[] = []
    gateway.use(({ phase }, next) => {
      all.push(phase)
      return next()
    })
    gateway.use(
      ({ phase }, next) => {
        some.push(phase)
        return next()
      },
      ['connect', 'publish'],
    )
    const ann = await visit()
    await ann.ask(sub(1, 'private-a', 'ann'), call(2, 'work'))
    gateway.on('work', () => 1)
    await ann.ask(call(3, 'work'), { op: 'pub', channel: 'private-a', event: 'typing', data: 1 })
    ann.conn.peerCloses()
    await ann.heard()
    expect(all).toEqual(['connect', 'subscribe', 'message', 'publish', 'disconnect'])
    expect(some).toEqual(['connect', 'publish'])
  })

  it('sees who asks for what', async () => {
    const { gateway, visit } = testGateway({ authenticate: byToken })
    const seen: Context[] = []
    gateway.use((context, next) => {
      seen.push(context)
      return next()
    })
    gateway.on('work', () => 1)
    const ann = await visit(bearer('ann'))
    await ann.ask(sub(1, 'private-a', 'cred'), call(2, 'work', { n: 1 }))
    await ann.ask({ op: 'pub', channel: 'private-a', event: 'typing', data: 'hi' })
    ann.conn.peerCloses()
    await ann.heard()
    const [connect, subscribe, message, publish, disconnect] = seen
    expect(connect).toMatchObject({ phase: 'connect', user: { id: 'ann' } })
    expect(connect?.client).toBeUndefined()
    expect(connect?.handshake.header('authorization')).toBe('Bearer ann')
    expect(subscribe).toMatchObject({ channel: 'private-a', credentials: 'cred', user: { id: 'ann' } })
    expect(message?.message).toMatchObject({ event: 'work', data: { n: 1 } })
    expect(publish).toMatchObject({ channel: 'private-a', message: { event: 'typing', data: 'hi' } })
    expect(disconnect?.client).toMatchObject({ id: ann.client.id, connected: false })
    expect(subscribe?.client).toBe(disconnect?.client)
  })

  it('leaves things for those further in, for this step alone', async () => {
    const { gateway, visit } = testGateway()
    const seen: unknown[] = []
    gateway.use(
      ({ state }, next) => {
        seen.push(state.get('n'))
        state.set('n', 1)
        return next()
      },
      ['message'],
    )
    gateway.use(
      ({ state }, next) => {
        seen.push(state.get('n'))
        return next()
      },
      ['message'],
    )
    gateway.on('work', () => 1)
    const ann = await visit()
    await ann.ask(call(1, 'work'), call(2, 'work'))
    expect(seen).toEqual([undefined, 1, undefined, 1])
  })

  it('may answer itself, and change the answer', async () => {
    const { gateway, visit } = testGateway()
    gateway.use(
      async ({ message }, next) => (message?.event === 'cached' ? 'kept' : [await next()]),
      ['message'],
    )
    gateway.on('cached', () => explode()).on('work', () => 1)
    const ann = await visit()
    expect(await ann.ask(call(1, 'cached'), call(2, 'work'))).toEqual([
      { op: 'ok', id: 1, data: 'kept' },
      { op: 'ok', id: 2, data: [1] },
    ])
  })

  it('keeps a step synchronous that is', async () => {
    const { gateway, visit } = testGateway()
    gateway.use((_context, next) => next())
    const seen: string[] = []
    gateway.on('work', () => seen.push('work'))
    const ann = await visit()
    ann.conn.says(sub(1, 'orders'))
    ann.conn.says(call(2, 'work'))
    expect(ann.client.channels).toEqual(['orders'])
    expect(seen).toEqual(['work'])
  })

  it('keeps the order of a client that it makes wait', async () => {
    const gate = deferred()
    const { gateway, visit } = testGateway()
    const seen: unknown[] = []
    gateway.use(
      async ({ message }, next) => {
        if (message?.data === 1) await gate.promise
        return next()
      },
      ['message'],
    )
    gateway.on('work', (_client, { data }) => seen.push(data))
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask(call(undefined, 'work', 1), call(undefined, 'work', 2))
    await ben.ask(call(undefined, 'work', 3))
    expect(seen).toEqual([3])
    gate.resolve()
    await ann.heard()
    expect(seen).toEqual([3, 1, 2])
  })
})

describe('middleware that refuses', () => {
  const refuse = (): never => {
    throw new ClientError('forbidden', 'not on Sundays')
  }
  const message = 'not on Sundays'

  it.each([
    ['throws', refuse],
    ['rejects', async () => refuse()],
  ])('is answered to the client in every phase: %s', async (_how, middleware) => {
    const { gateway, visit, errors, hub } = testGateway({ directMessages: true })
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask(sub(1, 'private-a', 'ann'))
    await ben.ask(sub(1, 'private-a', 'ben'))
    gateway.use(middleware, ['subscribe', 'message', 'publish'])
    gateway.on('work', () => explode())
    const err = { op: 'err', code: 'forbidden', message }
    expect(await ann.ask(sub(2, 'orders'))).toEqual([{ ...err, id: 2, channel: 'orders' }])
    expect(await ann.ask(call(3, 'work'))).toEqual([{ ...err, id: 3 }])
    const pub = { op: 'pub', id: 4, channel: 'private-a', event: 'typing', data: 1 }
    expect(await ann.ask(pub)).toEqual([{ ...err, id: 4, channel: 'private-a' }])
    const send = { op: 'send', id: 5, to: ben.client.id, event: 'hi', data: 1 }
    expect(await ann.ask(send)).toEqual([{ ...err, id: 5 }])
    expect(await ben.heard()).toEqual([])
    expect(hub.channels()).toEqual(['private-a'])
    expect(errors).toEqual([])
  })

  it('a connection takes no place', async () => {
    const { gateway, admit, hub } = testGateway({ authenticate: byToken })
    gateway.use(({ user }, next) => (user?.id === 'ann' ? next() : refuse()), ['connect'])
    expect(await admit(bearer('ben'))).toMatchObject({ ok: false, status: 403, message })
    expect(await admit(bearer('ann'))).toMatchObject({ ok: true })
    expect(hub.count()).toBe(0)
  })

  it('by going no further lets nobody in, and nobody subscribe', async () => {
    const { gateway, admit, visit, hub } = testGateway()
    const ann = await visit()
    gateway.use(() => {}, ['connect', 'subscribe'])
    expect(await admit()).toMatchObject({ ok: false, status: 403 })
    expect(await ann.ask(sub(1, 'orders'))).toEqual([
      { op: 'err', id: 1, code: 'forbidden', channel: 'orders', message: 'not allowed to subscribe' },
    ])
    expect(hub.channels()).toEqual([])
  })
})

describe('middleware that fails', () => {
  it('is an error of ours, which leaks nothing', async () => {
    const { gateway, visit, admit, errors } = testGateway()
    const ann = await visit()
    gateway.on('work', () => 1)
    gateway.use(() => explode())
    expect(await ann.ask(call(1, 'work'), sub(2, 'orders'))).toEqual([
      { op: 'err', id: 1, code: 'internal', message: 'something went wrong here' },
      { op: 'err', id: 2, code: 'internal', channel: 'orders', message: 'something went wrong here' },
    ])
    expect(await admit()).toMatchObject({ ok: false, status: 500, message: 'something went wrong here' })
    ann.conn.peerCloses()
    await ann.heard()
    expect(errors.map(({ where, client }) => [where, client?.id])).toEqual([
      ['handler', ann.client.id],
      ['middleware', ann.client.id],
      ['middleware', undefined],
      ['middleware', ann.client.id],
    ])
  })

  it('at a goodbye disturbs nobody', async () => {
    const { gateway, visit, errors } = testGateway()
    gateway.use(async () => explode(), ['disconnect'])
    const seen: string[] = []
    gateway.onDisconnect(() => seen.push('disconnect'))
    const ann = await visit()
    ann.conn.peerCloses()
    await ann.heard()
    expect(seen).toEqual(['disconnect'])
    expect(errors).toEqual([{ error: expect.any(Error), where: 'middleware', client: ann.client }])
  })

  it('by going on twice fails', async () => {
    const { gateway, visit, errors } = testGateway()
    gateway.use(
      async (_context, next) => {
        await next()
        return next()
      },
      ['message'],
    )
    let times = 0
    gateway.on('work', () => ++times)
    const ann = await visit()
    expect(await ann.ask(call(1, 'work'))).toMatchObject([{ op: 'err', id: 1, code: 'internal' }])
    expect(times).toBe(1)
    expect(errors).toHaveLength(1)
  })

  it('by not waiting for what it began leaves no unhandled rejection behind', async () => {
    const { gateway, visit } = testGateway()
    gateway.use(
      (_context, next) => {
        void next()
      },
      ['message'],
    )
    gateway.on('work', async () => explode())
    const ann = await visit()
    expect(await ann.ask(call(1, 'work'))).toEqual([{ op: 'ok', id: 1 }])
  })
})

describe('middleware that makes a subscribe wait', () => {
  function waiting(): ReturnType<typeof testGateway> & { gate: ReturnType<typeof deferred<void>> } {
    const gate = deferred()
    const kit = testGateway()
    kit.gateway.use(
      async ({ channel }, next) => {
        if (channel === 'slow') await gate.promise
        return next()
      },
      ['subscribe'],
    )
    return { ...kit, gate }
  }

  it('does not subscribe who has unsubscribed meanwhile', async () => {
    const { gate, visit, hub } = waiting()
    const ann = await visit()
    expect(await ann.ask(sub(1, 'slow'), { op: 'unsub', id: 2, channel: 'slow' })).toEqual([
      { op: 'ok', id: 2, channel: 'slow' },
    ])
    gate.resolve()
    expect(await ann.heard()).toMatchObject([{ op: 'err', id: 1, code: 'cancelled', channel: 'slow' }])
    expect(hub.channels()).toEqual([])
  })

  it('subscribes who has asked again since', async () => {
    const { gate, visit } = waiting()
    const ann = await visit()
    await ann.ask(sub(1, 'slow'), { op: 'unsub', id: 2, channel: 'slow' }, sub(3, 'slow'))
    gate.resolve()
    expect(await ann.heard()).toMatchObject([
      { op: 'ok', id: 3, channel: 'slow' },
      { op: 'err', id: 1, code: 'cancelled' },
    ])
    expect(ann.client.channels).toEqual(['slow'])
  })

  it('is no error when the client goes meanwhile', async () => {
    const { gate, visit, hub, errors } = waiting()
    const ann = await visit()
    await ann.ask(sub(1, 'slow'))
    ann.conn.peerCloses()
    gate.resolve()
    await ann.heard()
    expect(hub.channels()).toEqual([])
    expect(errors).toEqual([])
  })

  it('has only so many wait', async () => {
    const { gate, visit } = waiting()
    const ann = await visit()
    for (let id = 0; id < 256; id++) ann.conn.says(sub(id, 'slow'))
    expect(await ann.ask(sub(256, 'slow'))).toMatchObject([{ op: 'err', id: 256, code: 'limit' }])
    gate.resolve()
    expect(await ann.heard()).toHaveLength(256)
    expect(await ann.ask(sub(257, 'slow'))).toEqual([{ op: 'ok', id: 257, channel: 'slow' }])
  })
})

function explode(): never {
  throw new Error('password: hunter2')
}
