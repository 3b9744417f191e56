import { ClientError, type User } from '@fanfare/core'
import { MemoryConn } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { bearer, byToken, call, deferred, type HandshakeParts, testGateway } from '../fakes/test-gateway.ts'

const auth = (token: unknown, id?: number): object => ({ op: 'auth', id, token })

describe('authentication in the handshake', () => {
  it.each<[string, HandshakeParts]>([
    ['a header', bearer('ann')],
    ['a query parameter', { query: { token: 'ann' } }],
    ['a subprotocol', { subprotocols: ['fanfare', 'token.ann'] }],
  ])('lets in whom the application knows by %s', async (_where, parts) => {
    const { gateway, visit } = testGateway({ authenticate: byToken })
    const ann = await visit(parts)
    expect(gateway.client(ann.client.id)?.user).toEqual({ id: 'ann' })
    expect(ann.client.auth).toEqual({ id: 'ann' })
  })

  it('refuses strangers with a 401, which takes no place', async () => {
    const { gateway, hub, admit, errors } = testGateway({ authenticate: byToken, maxConnections: 1 })
    const refused = { ok: false, status: 401, headers: {}, why: 'unauthorized', message: 'who are you?' }
    expect(await admit()).toEqual(refused)
    expect(await admit()).toEqual(refused)
    expect(hub.count()).toBe(0)
    expect(gateway.stats()).toMatchObject({ connections: 0, refusals: { unauthorized: 2 } })
    expect(errors).toEqual([])
  })

  it.each([
    ['forbidden', 403],
    ['expired', 401],
    ['rate', 429],
  ] as const)('refuses with what the application throws: %s is a %i', async (why, status) => {
    const authenticate = (): never => {
      throw new ClientError(why, 'not you')
    }
    const { admit, errors } = testGateway({ authenticate })
    expect(await admit()).toMatchObject({ ok: false, status, why, message: 'not you' })
    expect(errors).toEqual([])
  })

  it.each<[string, () => unknown]>([
    ['throws', () => explode()],
    ['rejects', async () => explode()],
    ['names a user without an id', () => ({ name: 'Ann' })],
    ['names a user with an empty id', () => ({ id: '' })],
  ])('is a refusal that leaks nothing, and an error event, when it %s', async (_how, authenticate) => {
    const { admit, errors } = testGateway({ authenticate: authenticate as () => User })
    const refused = await admit()
    expect(refused).toMatchObject({ ok: false, status: 401 })
    expect(JSON.stringify(refused)).not.toContain('hunter2')
    expect(errors).toEqual([{ error: expect.any(Error), where: 'authenticate' }])
  })

  it('gives up after its time; an answer that comes later changes nothing', async () => {
    const answer = deferred<User>()
    const { hub, clock, admit, errors } = testGateway({ authenticate: () => answer.promise })
    const admitted = admit()
    await clock.settle()
    clock.advance(7_100)
    expect(await admitted).toMatchObject({ ok: false, status: 401 })
    answer.resolve({ id: 'ann' })
    await clock.settle()
    expect(hub.count()).toBe(0)
    expect(errors).toMatchObject([{ where: 'authenticate', error: { code: 'timeout' } }])
    expect(hub.wheel.size).toBe(0)
  })

  it('lets nobody in any more once the node goes out of service meanwhile', async () => {
    const answer = deferred<User>()
    const { gateway, hub, clock, admit, visit } = testGateway({
      authenticate: ({ token }) => (token === 'ann' ? { id: 'ann' } : answer.promise),
    })
    await visit(bearer('ann'))
    const admitted = admit()
    const drained = gateway.drain({ within: 1_000 })
    answer.resolve({ id: 'ben' })
    const ticket = await admitted
    const conn = new MemoryConn()
    if (ticket.ok) conn.attach(ticket.accept(conn))
    expect(hub.count()).toBe(1)
    expect(conn.messages).toEqual([{ op: 'bye', code: 'shutdown', retry: true }])
    clock.advance(1_100)
    await clock.settle()
    await drained
  })
})

describe('authentication in the first message', () => {
  const options = { authenticate: byToken, authenticateAt: 'message' } as const

  it('is answered, and then the client is connected', async () => {
    const { gateway, visit, hub } = testGateway(options)
    const log: unknown[] = []
    gateway.onConnect(({ user }) => log.push(user))
    const ann = await visit(bearer('somebody else'))
    expect(log).toEqual([])
    ann.conn.says('{"op":"auth","id":1,"token":"ann"}')
    expect(await ann.raw()).toEqual(['{"op":"ok","id":1,"user":"ann"}'])
    expect(log).toEqual([{ id: 'ann' }])
    expect(ann.client.auth).toEqual({ id: 'ann' })
    ann.conn.peerCloses()
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
  })

  it('may come with the greeting, and as an object', async () => {
    const { visit } = testGateway(options)
    const [ann, ben] = [await visit(), await visit()]
    expect(await ann.ask({ op: 'hello', v: 1, token: 'ann' })).toEqual([{ op: 'ok', user: 'ann' }])
    expect(await ben.ask(auth({ token: 'ben' }, 2))).toEqual([{ op: 'ok', id: 2, user: 'ben' }])
  })

  it('has to come before anything but a ping', async () => {
    const { gateway, visit } = testGateway(options)
    const seen: unknown[] = []
    gateway.on('work', () => seen.push('work'))
    const ann = await visit()
    expect(await ann.ask({ op: 'ping', id: 1 })).toEqual([{ op: 'pong', id: 1 }])
    expect(await ann.ask(call(2, 'work'), auth('ann'))).toEqual([
      { op: 'err', id: 2, code: 'auth-expected', message: 'say who you are first' },
      { op: 'bye', code: 'auth-expected', retry: false },
    ])
    expect(ann.conn.closedWith).toEqual({ code: 4009, reason: 'auth-expected' })
    expect(seen).toEqual([])
  })

  it('closes who is not known', async () => {
    const { visit, hub, errors } = testGateway({ ...options, authenticate: () => false })
    const ann = await visit()
    expect(await ann.ask(auth('ann', 1), call(2, 'work'))).toEqual([
      { op: 'err', id: 1, code: 'unauthorized', message: 'who are you?' },
      { op: 'bye', code: 'unauthorized', retry: false },
    ])
    expect(ann.conn.closedWith?.code).toBe(4009)
    expect(errors).toEqual([])
    expect(hub.wheel.size).toBe(0)
  })

  it('leaks nothing of what the application fails with', async () => {
    const { visit, errors } = testGateway({ ...options, authenticate: explode })
    const ann = await visit()
    expect(await ann.ask(auth('ann', 1))).toEqual([
      { op: 'err', id: 1, code: 'unauthorized', message: 'who are you?' },
      { op: 'bye', code: 'unauthorized', retry: false },
    ])
    expect(errors).toEqual([{ error: new Error('password: hunter2'), where: 'authenticate' }])
  })

  it('has a deadline', async () => {
    const { visit, clock } = testGateway(options)
    const ann = await visit()
    clock.advance(6_900)
    await ann.ask({ op: 'ping' })
    expect(ann.conn.open).toBe(true)
    clock.advance(200)
    expect(await ann.heard()).toEqual([{ op: 'bye', code: 'auth-expected', retry: false }])
  })

  it('knows no deadline any more once it is done', async () => {
    const { visit, clock } = testGateway(options)
    const ann = await visit()
    await ann.ask(auth('ann'))
    clock.advance(60_000)
    expect(await ann.heard()).toEqual([])
    expect(ann.conn.open).toBe(true)
  })

  it('holds up what the client says meanwhile, in order, but not its pings', async () => {
    const answer = deferred<User>()
    const { gateway, visit } = testGateway({ ...options, authenticate: () => answer.promise })
    gateway.on('who', ({ user }, { data }) => [user?.id, data])
    const ann = await visit()
    const meanwhile = [auth('x', 1), call(2, 'who', 'a'), { op: 'ping', id: 3 }, call(4, 'who', 'b')]
    expect(await ann.ask(...meanwhile)).toEqual([{ op: 'pong', id: 3 }])
    answer.resolve({ id: 'ann' })
    expect(await ann.heard()).toEqual([
      { op: 'ok', id: 1, user: 'ann' },
      { op: 'ok', id: 2, data: ['ann', 'a'] },
      { op: 'ok', id: 4, data: ['ann', 'b'] },
    ])
  })

  it('holds up no more than has room, answers to questions included', async () => {
    const answer = deferred<User>()
    const { visit } = testGateway({ ...options, authenticate: () => answer.promise })
    const ann = await visit()
    await ann.ask(auth('ann'))
    for (let id = 0; id < 256; id++) ann.conn.says({ op: 'answer', id, data: null })
    expect(await ann.heard()).toEqual([])
    expect(ann.conn.open).toBe(true)
    expect(await ann.ask(call(1, 'who'))).toMatchObject([{ op: 'bye', code: 'rate' }])
    answer.resolve({ id: 'ann' })
    expect(await ann.heard()).toEqual([])
  })

  it('changes nothing when the client is gone before there is an answer', async () => {
    const answer = deferred<User>()
    const { gateway, hub, visit, errors } = testGateway({ ...options, authenticate: () => answer.promise })
    const log: unknown[] = []
    gateway.onConnect(() => log.push('connect'))
    gateway.onDisconnect(() => log.push('disconnect'))
    const ann = await visit()
    await ann.ask(auth('ann', 1))
    ann.conn.peerCloses()
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
    answer.resolve({ id: 'ann' })
    await ann.heard()
    expect(log).toEqual([])
    expect(gateway.toUser('ann').send('note', 1)).toBe(0)
    expect(gateway.explain(ann.client.id).history.map(({ what }) => what)).toEqual(['disconnect'])
    expect(gateway.stats().refusals).toEqual({})
    expect(errors).toEqual([])
  })

  it('leaves those who have not done it out of what everybody gets', async () => {
    const { gateway, visit } = testGateway(options)
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask(auth('ann'))
    expect(gateway.broadcast('news', 1)).toBe(1)
    expect(gateway.clients().map(({ id }) => id)).toEqual([ann.client.id])
    expect(await ann.heard()).toEqual([{ op: 'msg', event: 'news', data: 1 }])
    expect(await ben.heard()).toEqual([])
  })

  it('may be said again with a fresh token of the same user, not of another', async () => {
    const users: Record<string, User & { plan: string }> = {
      old: { id: 'ann', plan: 'free' },
      fresh: { id: 'ann', plan: 'pro' },
      other: { id: 'ben', plan: 'pro' },
    }
    const authenticate = ({ token = '' }): User | undefined => users[token]
    const { gateway, visit } = testGateway({ ...options, authenticate })
    const connected: unknown[] = []
    gateway.onConnect(({ user }) => connected.push(user?.id))
    const ann = await visit()
    await ann.ask(auth('old'))
    expect(await ann.ask(auth('fresh', 2))).toEqual([{ op: 'ok', id: 2, user: 'ann' }])
    const face = gateway.client(ann.client.id)
    expect(face?.user).toEqual(users['fresh'])
    expect(await ann.ask(auth('other', 3), auth('nobody', 4))).toEqual([
      { op: 'err', id: 3, code: 'forbidden', message: 'that is somebody else' },
      { op: 'err', id: 4, code: 'unauthorized', message: 'who are you?' },
    ])
    expect(face?.user).toEqual(users['fresh'])
    expect(ann.conn.open).toBe(true)
    expect(connected).toEqual(['ann'])
    expect(gateway.toUser('ben').send('note', 1)).toBe(0)
    expect(gateway.toUser('ann').send('note', 1)).toBe(1)
  })

  it('is refused where nobody asks, and that is all', async () => {
    const { visit } = testGateway()
    const ann = await visit()
    expect(await ann.ask(auth('ann', 1))).toEqual([
      { op: 'err', id: 1, code: 'disabled', message: 'this server does not ask who you are' },
    ])
    expect(ann.conn.open).toBe(true)
  })
})

describe('authentication at either moment', () => {
  const options = { authenticate: byToken, authenticateAt: 'either' } as const

  it('takes the token in the handshake, if there is one', async () => {
    const { gateway, visit } = testGateway(options)
    const ann = await visit(bearer('ann'))
    expect(gateway.client(ann.client.id)?.user).toEqual({ id: 'ann' })
    expect(await ann.ask(call(1, 'nothing'))).toMatchObject([{ op: 'err', code: 'unknown' }])
  })

  it('refuses a wrong token in the handshake', async () => {
    const { admit } = testGateway({ ...options, authenticate: () => undefined })
    expect(await admit(bearer('ann'))).toMatchObject({ ok: false, status: 401 })
    expect(await admit({ query: { token: '' } })).toMatchObject({ ok: true })
  })

  it('asks for the first message otherwise', async () => {
    const { visit } = testGateway(options)
    const [ann, ben] = [await visit(), await visit()]
    expect(await ann.ask(auth('ann', 1))).toEqual([{ op: 'ok', id: 1, user: 'ann' }])
    expect(await ben.ask({ op: 'sub', channel: 'orders' })).toMatchObject([
      { op: 'err', code: 'auth-expected' },
      { op: 'bye', code: 'auth-expected' },
    ])
  })
})

function explode(): never {
  throw new Error('password: hunter2')
}
