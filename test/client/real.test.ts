import { type ClientOptions, FanfareClient } from '@fanfare/client'
import {
  ClientError,
  type Contract,
  defineContract,
  Gateway,
  type GatewayOptions,
  Hub,
  type User,
} from '@fanfare/core'
import { serve, type Served } from '@fanfare/ws'
import { onTestFinished, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'

import { until } from '../support/until.ts'

/** A server that may be started again on the same port. */
async function server(port = 0): Promise<Served & { readonly hub: Hub }> {
  const hub = new Hub({
    authorizer: ({ channel, credentials }) => ({
      allowed: !channel.includes('secret'),
      member: { id: typeof credentials === 'string' ? credentials : 'nobody', info: { channel } },
    }),
  })
  const gateway = new Gateway({ hub })
  gateway.on('sum', (_client, { data }) => (data as number[]).reduce((sum, each) => sum + each, 0))
  gateway.on('fail', () => {
    throw new ClientError('limit', 'not today')
  })
  gateway.on('slow', () => new Promise(() => {}))
  const served = await serve(gateway, { port })
  const close = async (): Promise<void> => {
    await served.close()
    await hub.close()
  }
  onTestFinished(close)
  return { ...served, hub, close }
}

/** A gateway of one's own on a server. */
async function serving<C extends Contract = Contract, U extends User = User>(
  options: GatewayOptions<C, U>,
): Promise<{ readonly gateway: Gateway<C, U>; readonly url: string }> {
  const gateway = new Gateway<C, U>(options)
  const served = await serve(gateway, { port: 0 })
  onTestFinished(async () => {
    await served.close()
    await gateway.hub.close()
  })
  return { gateway, url: served.url }
}

function clientOf<C extends Contract = Contract>(url: string, options: ClientOptions = {}): FanfareClient<C> {
  const client = new FanfareClient<C>(url, { WebSocket, backoff: { baseMs: 5, maxMs: 50 }, ...options })
  onTestFinished(() => client.close())
  return client
}

describe('against a real server', () => {
  it('connects, calls, and is told errors', async () => {
    const { url } = await server()
    const client = clientOf(url)
    await client.connect()
    expect(client.id).toMatch(/^\d+\.\d+$/)
    expect(await client.call('sum', [1, 2, 3])).toBe(6)
    await expect(client.call('fail')).rejects.toMatchObject({
      code: 'limit',
      by: 'server',
      message: 'not today',
    })
    await expect(client.call('nothing')).rejects.toMatchObject({ code: 'unknown' })
    await expect(client.call('slow', 1, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
  })

  it('gets what is published, in order, from the acknowledgement on', async () => {
    const { url, hub } = await server()
    const client = clientOf(url)
    await client.connect()
    const orders = client.channel('orders')
    const got: unknown[] = []
    orders.on('shipped', (data) => got.push(data))
    await orders.subscribe()
    for (let number = 0; number < 100; number++) {
      await hub.publish({ channel: 'orders', event: 'shipped', data: String(number) })
    }
    await until(() => got.length === 100, '100 events')
    expect(got).toEqual(Array.from({ length: 100 }, (_, number) => number))
    orders.unsubscribe()
    await until(() => hub.channelCount('orders') === 0, 'the server to forget the subscription')
  })

  it('publishes to the others in a private channel', async () => {
    const { url } = await server()
    const [ada, ben] = [clientOf(url), clientOf(url)]
    await Promise.all([ada.connect(), ben.connect()])
    const heard: unknown[] = []
    ben.channel('private-room').on('typing', (data, { from }) => heard.push([data, from?.client]))
    await ben.channel('private-room').subscribe()
    void ada.channel('private-room').subscribe()
    await ada.channel('private-room').publish('typing', true)
    await until(() => heard.length === 1, 'the event')
    expect(heard).toEqual([[true, ada.id]])
  })

  it('sees who is in a presence channel', async () => {
    const { url } = await server()
    const [ada, ben] = [clientOf(url), clientOf(url)]
    await Promise.all([ada.connect(), ben.connect()])
    const room = ada.channel('presence-room', { getAuth: () => 'ada' })
    const log: unknown[] = []
    room.when('joined', ({ id }) => log.push(`+${String(id)}`))
    room.when('left', ({ id }) => log.push(`-${String(id)}`))
    await room.subscribe()
    expect(room.members).toEqual([{ id: 'ada', info: { channel: 'presence-room' } }])
    expect(room.me?.id).toBe('ada')
    await ben.channel('presence-room', { getAuth: () => 'ben' }).subscribe()
    await until(() => room.members.length === 2, 'ben')
    expect(await room.who()).toHaveLength(2)
    ben.close()
    await until(() => room.members.length === 1, 'ben to leave')
    expect(log).toEqual(['+ben', '-ben'])
  })

  it('is told what it may not', async () => {
    const { url } = await server()
    const client = clientOf(url)
    await client.connect()
    await expect(client.channel('private-secret').subscribe()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(client.channel('bad name').subscribe()).rejects.toMatchObject({ code: 'bad-name' })
    await expect(client.channel('private-x').publish('x', 1)).rejects.toMatchObject({
      code: 'not-subscribed',
    })
  })

  it('survives a restart of the server: comes back, subscribes again, calls again', async () => {
    const first = await server()
    const client = clientOf(first.url, { offline: 'queue' })
    await client.connect()
    const got: unknown[] = []
    const gaps: unknown[] = []
    const room = client.channel('presence-room', { getAuth: ({ client: id }) => `user of ${id}` })
    room.on('x', (data) => got.push(data))
    room.when('gap', (gap) => gaps.push(gap))
    await room.subscribe()
    const before = client.id
    await first.close()
    await until(() => client.state !== 'open', 'the client to notice')
    const queued = client.call('sum', [20, 22])
    const second = await server(first.port)
    expect(await queued).toBe(42)
    await until(() => room.state === 'subscribed', 'the subscription')
    await second.hub.publish({ channel: 'presence-room', event: 'x', data: '1' })
    await until(() => got.length === 1, 'an event')
    expect(client.id).not.toBe(before)
    expect(room.me?.id).toBe(`user of ${String(client.id)}`)
    expect(gaps).toEqual([{ channel: 'presence-room', count: 0, reason: 'reconnect' }])
  })

  it('gives up when nobody is there, if told so', async () => {
    const { url, close } = await server()
    await close()
    const client = clientOf(url, { maxAttempts: 3 })
    await expect(client.connect()).rejects.toMatchObject({ code: 'attempts' })
  })

  it('close() while connecting harms nobody', async () => {
    const { url, hub } = await server()
    const client = clientOf(url)
    const connecting = client.connect()
    client.close()
    await expect(connecting).rejects.toMatchObject({ code: 'closed' })
    expect(hub.count()).toBe(0)
  })

  it('close() is a departure at once', async () => {
    const { url, hub } = await server()
    const client = clientOf(url)
    await client.connect()
    client.close()
    await until(() => hub.count() === 0, 'the server to notice')
    expect(client.state).toBe('closed')
  })

  it('an idle connection keeps answering and being answered', async () => {
    const { url } = await server()
    const client = clientOf(url, { pingIntervalMs: 10, pongTimeoutMs: 1_000 })
    await client.connect()
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(client.state).toBe('open')
  })
})

/** Tokens are names with a `!`. */
function named({ token }: { readonly token: string | undefined }): User | undefined {
  if (token === 'old!') throw new ClientError('expired', 'that was good once')
  return token?.endsWith('!') ? { id: token.slice(0, -1) } : undefined
}

describe('who it is, against a real server', () => {
  const either = { authenticate: named, authenticateAt: 'either' } as const

  it('is said in the first message, or in the handshake', async () => {
    const { url, gateway } = await serving({ ...either, keptHandshake: { secrets: ['token'] } })
    gateway.on('whoami', (client) => [client.user?.id, client.handshake.query('token')])
    gateway.onConnect((client) => client.send('hello', client.user?.id))
    for (const [tokenIn, query] of [
      ['first-message', null],
      ['query', 'ada!'],
    ] as const) {
      const client = clientOf(url, { token: 'ada!', tokenIn })
      const greetings: unknown[] = []
      client.onDirect('hello', (name) => greetings.push(name))
      await client.connect()
      expect(await client.call('whoami')).toEqual(['ada', query])
      expect(greetings).toEqual(['ada'])
    }
  })

  it('is known to the client after a first message', async () => {
    const { url } = await serving(either)
    const client = clientOf(url, { getToken: () => 'ada!', tokenIn: 'first-message' })
    await client.connect()
    expect(client.user).toBe('ada')
  })

  it('a wrong token in the first message is the end, and says why', async () => {
    const { url, gateway } = await serving(either)
    const client = clientOf(url, { token: 'wrong', tokenIn: 'first-message' })
    await expect(client.connect()).rejects.toMatchObject({ code: 'unauthorized', by: 'server' })
    expect(client.state).toBe('closed')
    await until(() => gateway.hub.count() === 0, 'the server to notice')
  })

  it('a wrong token in the handshake is refused before there is a client', async () => {
    const { url, gateway } = await serving(either)
    const client = clientOf(url, { token: 'wrong', maxAttempts: 1 })
    await expect(client.connect()).rejects.toMatchObject({ code: 'attempts' })
    expect(gateway.stats().connections).toBe(0)
  })

  it('an expired token in the first message is replaced by a new one, if there may be one', async () => {
    const { url } = await serving(either)
    const tokens = ['old!', 'ada!']
    const client = clientOf(url, { getToken: () => tokens.shift(), tokenIn: 'first-message' })
    await client.connect()
    expect(client.user).toBe('ada')
    const without = clientOf(url, { token: 'old!', tokenIn: 'first-message' })
    await expect(without.connect()).rejects.toMatchObject({ code: 'expired' })
  })

  it('is said again with a fresh token, or at last, on the open connection', async () => {
    const { url } = await serving(either)
    const client = clientOf(url, { token: 'ada!' })
    await client.connect()
    expect(await client.authenticate('ada!')).toBe('ada')
    expect(client.user).toBe('ada')
    await expect(client.authenticate('bob!')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(client.authenticate('wrong')).rejects.toMatchObject({ code: 'unauthorized' })
    expect([client.state, client.user]).toEqual(['open', 'ada'])
  })

  it('is not asked by a server that does not care', async () => {
    const { url } = await serving({})
    const client = clientOf(url)
    await client.connect()
    await expect(client.authenticate('ada!')).rejects.toMatchObject({ code: 'disabled' })
  })

  it('says nothing, and is told to', async () => {
    const { url } = await serving(either)
    const client = clientOf(url)
    const errors: string[] = []
    client.on('error', ({ code }) => errors.push(code))
    await client.connect()
    await expect(client.call('whoami')).rejects.toMatchObject({ code: 'auth-expected' })
    await until(() => client.state === 'closed', 'the end')
    expect(errors).toEqual(['auth-expected'])
  })
})

describe('messages between clients, against a real server', () => {
  it('go to one client, or to all of a user', async () => {
    const { url } = await serving({ authenticate: named, directMessages: true })
    const [ada, ben, tab] = ['ada!', 'ben!', 'ben!'].map((token) => clientOf(url, { token })) as [
      FanfareClient,
      FanfareClient,
      FanfareClient,
    ]
    await Promise.all([ada.connect(), ben.connect(), tab.connect()])
    const heard: unknown[] = []
    ben.onDirect('note', (data, { from }) => heard.push(['ben', data, from]))
    tab.onDirect('note', (data, { from }) => heard.push(['tab', data, from]))
    const from = { client: ada.id, user: 'ada' }
    await ada.send(ben.id ?? '', 'note', 1)
    await until(() => heard.length === 1, 'the first note')
    await ada.send({ user: 'ben' }, 'note', { two: 2 })
    await until(() => heard.length === 3, 'the second note')
    expect(heard).toEqual([
      ['ben', 1, from],
      ['ben', { two: 2 }, from],
      ['tab', { two: 2 }, from],
    ])
    await expect(ada.send({ user: 'nobody' }, 'note', 3)).rejects.toMatchObject({ code: 'not-found' })
    await expect(ada.send('9.9', 'note', 3)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('are refused where they are not offered', async () => {
    const { url } = await serving({})
    const client = clientOf(url)
    await client.connect()
    await expect(client.send('1.1', 'note', 1)).rejects.toMatchObject({ code: 'disabled', by: 'server' })
  })
})

describe('questions of a real server', () => {
  it('are answered, with an error if need be', async () => {
    const { url, gateway } = await serving({})
    const reported: unknown[] = []
    const client = clientOf(url, { platform: { reportError: (error) => reported.push(error) } })
    await client.connect()
    const face = gateway.client(client.id ?? '')!
    client.answer('double', (data) => (data as number) * 2)
    client.answer('nothing', () => undefined)
    const failure = new Error('a secret')
    client.answer('fail', () => Promise.reject(failure))
    client.answer('never', () => new Promise(() => {}))
    expect(await Promise.all([1, 2, 3].map((number) => face.ask('double', number)))).toEqual([2, 4, 6])
    expect(await face.ask('nothing', null)).toBeNull()
    await expect(face.ask('fail', 1)).rejects.toMatchObject({ code: 'answer-error', message: 'internal' })
    expect(reported).toEqual([failure])
    await expect(face.ask('what', 1)).rejects.toMatchObject({ code: 'answer-error', message: 'unknown' })
    await expect(face.ask('never', 1, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
    const asked = face.ask('never', 1)
    client.close()
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('may be asked within a handler, and as soon as somebody is there', async () => {
    const { url, gateway } = await serving({ authenticate: named, authenticateAt: 'either' })
    const colours: unknown[] = []
    gateway.onConnect(async (client) => colours.push(await client.ask('colour', null)))
    gateway.on('paint', async (client) => `painted ${String(await client.ask('colour', null))}`)
    const client = clientOf(url, { token: 'ada!', tokenIn: 'first-message' })
    client.answer('colour', () => 'red')
    await client.connect()
    expect(await client.call('paint')).toBe('painted red')
    expect(colours).toEqual(['red'])
  })
})

describe('grants that end, on a real server', () => {
  /** Grants are good for so long. */
  const GOOD_MS = 1_200

  it('are renewed with what getAuth returns, until it is refused', async () => {
    const asked: unknown[] = []
    const { url } = await serving({
      authorize: ({ credentials }) => {
        asked.push(credentials)
        return { allowed: credentials !== 4, expiresAt: Date.now() + GOOD_MS }
      },
    })
    const client = clientOf(url)
    await client.connect()
    const log: unknown[] = []
    let number = 0
    const room = client.channel('private-room', { getAuth: ({ renew }) => (log.push(renew), ++number) })
    room.when('expiring', ({ inMs }) => log.push(inMs > 0 && inMs <= GOOD_MS / 2))
    room.when('subscribed', () => log.push('subscribed'))
    room.when('unsubscribed', ({ code }) => log.push(code))
    await room.subscribe()
    await until(() => room.state === 'unsubscribed', 'the refusal')
    expect(asked).toEqual([1, 2, 3, 4])
    const renewal = [true, true]
    expect(log).toEqual([false, 'subscribed', ...renewal, ...renewal, ...renewal, 'unauthorized'])
    expect(client.state).toBe('open')
  })

  it('end the subscription alone where nobody renews them', async () => {
    const { url, gateway } = await serving({
      authorize: () => ({ allowed: true, expiresAt: Date.now() + GOOD_MS }),
    })
    const client = clientOf(url)
    await client.connect()
    const log: unknown[] = []
    const room = client.channel('private-room')
    room.when('expiring', () => log.push('expiring'))
    room.when('unsubscribed', ({ code }) => log.push(code))
    await room.subscribe()
    await until(() => room.state === 'unsubscribed', 'the end of the grant')
    expect(log).toEqual(['expiring', 'expired'])
    expect([client.state, gateway.hub.channelCount('private-room')]).toEqual(['open', 0])
  })

  it('end when rights are revoked', async () => {
    let allowed = true
    const { url, gateway } = await serving({ authenticate: named, authorize: () => allowed })
    const client = clientOf(url, { token: 'ada!' })
    await client.connect()
    const codes: string[] = []
    const room = client.channel('presence-room')
    room.when('unsubscribed', ({ code }) => codes.push(code))
    await room.subscribe()
    expect(room.members).toEqual([{ id: 'ada' }])
    allowed = false
    await gateway.revoke({ user: 'ada' })
    await until(() => room.state === 'unsubscribed', 'the revocation')
    expect(codes).toEqual(['unauthorized'])
  })
})

const contract = defineContract({
  events: { 'private-orders.{orgId}': { shipped: z.object({ id: z.number() }) } },
  direct: { note: z.object({ text: z.string().trim() }) },
  messages: {
    ship: { data: z.object({ orgId: z.string(), id: z.number() }), reply: z.object({ ok: z.boolean() }) },
  },
  questions: { confirm: { data: z.object({ what: z.string() }), reply: z.boolean() } },
  presence: { 'presence-room.{id}': z.object({ name: z.string() }) },
})

describe('a contract, on both sides of a real server', () => {
  it('types what is said, and what comes in is checked', async () => {
    const { url, gateway } = await serving({
      contract,
      authenticate: named,
      authorize: () => true,
      presenceData: (_channel, { id }) => ({ name: id.toUpperCase() }),
      directMessages: true,
    })
    gateway.on('ship', async (client, { data }) => {
      const ok = await client.ask('confirm', { what: `order ${data.id.toFixed()}` })
      if (ok) gateway.to(`private-orders.${data.orgId}`).send('shipped', { id: data.id })
      return { ok }
    })
    const client = clientOf<typeof contract>(url, { token: 'ada!' })
    await client.connect()
    client.answer('confirm', ({ what }) => what.endsWith('7'))
    const shipped: number[] = []
    const orders = client.channel('private-orders.acme')
    orders.on('shipped', ({ id }) => shipped.push(id))
    await orders.subscribe()
    const { ok } = await client.call('ship', { orgId: 'acme', id: 7 })
    expect([ok, await client.call('ship', { orgId: 'acme', id: 8 })]).toEqual([true, { ok: false }])
    expect(shipped).toEqual([7])
    const room = client.channel('presence-room.1')
    await room.subscribe()
    expect(room.me?.info?.name).toBe('ADA')
    const notes: string[] = []
    client.onDirect('note', ({ text }) => notes.push(text))
    await client.send({ user: 'ada' }, 'note', { text: 'tea' })
    await until(() => notes.length === 1, 'the note')
    expect(notes).toEqual(['tea'])
  })

  it('refuses what it does not say', async () => {
    const { url, gateway } = await serving({ contract, authorize: () => true, directMessages: true })
    gateway.on('ship', () => ({ ok: true }))
    // Without its types, as a client that somebody else wrote.
    const client = clientOf(url)
    await client.connect()
    await expect(client.call('ship', { orgId: 'acme', id: 'x' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/^id: /) as string,
    })
    await expect(client.call('sink', 1)).rejects.toMatchObject({ code: 'unknown' })
    await expect(client.send(client.id ?? '', 'note', {})).rejects.toMatchObject({ code: 'invalid' })
    await client.channel('private-orders.acme').subscribe()
    await expect(client.channel('private-orders.acme').publish('shipped', 1)).rejects.toMatchObject({
      code: 'invalid',
    })
    await expect(client.channel('private-orders.acme').publish('x', 1)).rejects.toMatchObject({
      code: 'unknown',
    })
  })

  it('refuses an answer of a client too', async () => {
    const { url, gateway } = await serving({ contract })
    const client = clientOf(url)
    await client.connect()
    client.answer('confirm', () => 'perhaps')
    await expect(gateway.client(client.id ?? '')!.ask('confirm', { what: 'it' })).rejects.toMatchObject({
      why: 'invalid',
    })
  })
})
