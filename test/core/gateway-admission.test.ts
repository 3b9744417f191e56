import { Gateway, native, OptionError, plain, type Protocol, type Refusal } from '@fanfare/core'
import { MemoryConn } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { accept, type HandshakeParts, handshake, testGateway } from '../fakes/test-gateway.ts'

type Outcome = 'admitted' | number

async function outcome(gateway: Gateway, parts: HandshakeParts): Promise<Outcome> {
  const admission = await gateway.admit(handshake(parts))
  return admission.ok ? 'admitted' : admission.status
}

describe('a handshake', () => {
  it('is admitted, accepted, and welcomed with the client id and the heartbeat', async () => {
    const { hub, admit, clock } = testGateway({ heartbeat: { intervalMs: 12_500 } })
    const ticket = await admit()
    if (!ticket.ok) throw new Error(ticket.message)
    expect(hub.count()).toBe(0)
    const { conn, client } = accept(hub, ticket)
    await clock.settle()
    expect(conn.received).toEqual([`{"op":"welcome","v":1,"client":"${client.id}","heartbeat":13}`])
    expect(hub.count()).toBe(1)
  })

  it('is refused in an order that tells strangers little: closed, path, origin, room', async () => {
    const { gateway, hub, visit } = testGateway({ maxConnections: 1 })
    await visit()
    const foreign = { origin: 'https://evil.test', host: 'app.test' }
    expect(await gateway.admit(handshake({ path: '/nowhere', headers: foreign }))).toEqual(
      refused(404, 'not-found', 'nothing is served here'),
    )
    expect(await gateway.admit(handshake({ headers: foreign }))).toEqual(
      refused(403, 'forbidden', 'this origin may not connect'),
    )
    expect(await gateway.admit(handshake())).toEqual({
      ...refused(503, 'over-capacity', 'too many connections'),
      headers: { 'retry-after': '1' },
    })
    void hub.close()
    expect(await gateway.admit(handshake({ path: '/nowhere', headers: foreign }))).toEqual({
      ...refused(503, 'shutdown', 'the server is shutting down'),
      headers: { 'retry-after': '1' },
    })
  })

  it('finds room again when somebody leaves', async () => {
    const { gateway, visit } = testGateway({ maxConnections: 1 })
    const ann = await visit()
    expect(await outcome(gateway, {})).toBe(503)
    ann.conn.peerCloses()
    expect(await outcome(gateway, {})).toBe('admitted')
  })

  it('of whom a listener of the hub gets rid at once leaves nothing behind', async () => {
    const { gateway, hub, admit, clock } = testGateway({})
    hub.on('connect', (client) => client.close('terminated'))
    const ticket = await admit()
    if (!ticket.ok) throw new Error(ticket.message)
    accept(hub, ticket)
    await clock.settle()
    clock.advance(60_000)
    expect([hub.count(), gateway.clients().length, gateway.stats().connections]).toEqual([0, 0, 0])
    expect(clock.timers).toBe(0)
  })

  it('is turned away with a close code when the room was taken between admission and acceptance', async () => {
    const { hub, clock, admit } = testGateway({ maxConnections: 1 })
    const [first, second] = [await admit(), await admit()]
    if (!first.ok || !second.ok) throw new Error('both were to be admitted')
    accept(hub, first)
    const { conn } = accept(hub, second)
    await clock.settle()
    expect(conn.messages).toEqual([{ op: 'bye', code: 'over-capacity', retry: true }])
    expect(conn.closedWith).toEqual({ code: 4100, reason: 'over-capacity' })
    expect(hub.count()).toBe(1)
  })

  it('is turned away with last words when the hub closed between admission and acceptance', async () => {
    const { hub, clock, admit } = testGateway()
    const ticket = await admit()
    if (!ticket.ok) throw new Error(ticket.message)
    await hub.close()
    const conn = new MemoryConn()
    const session = ticket.accept(conn)
    conn.attach(session)
    await clock.settle()
    expect(conn.messages).toEqual([{ op: 'bye', code: 'shutdown', retry: true }])
    expect(conn.closedWith).toEqual({ code: 4200, reason: 'shutdown' })
    // Whatever the adapter still reports disturbs nobody.
    session.receive('{"op":"ping"}')
    session.writable()
    session.leave()
    session.closed()
    expect(hub.count()).toBe(0)
  })

  it('may be refused by the protocol, for clients that do not understand an HTTP status', async () => {
    const choosy: Protocol = {
      ...native(),
      open: () => ({ scratch: undefined, greet: true, refuse: { why: 'no-app', detail: 'no such app' } }),
    }
    const { hub, clock, admit } = testGateway({ protocols: { '/': choosy } })
    const ticket = await admit()
    if (!ticket.ok) throw new Error(ticket.message)
    const { conn } = accept(hub, ticket)
    await clock.settle()
    expect(conn.messages).toEqual([{ op: 'bye', code: 'no-app', retry: false, message: 'no such app' }])
    expect(conn.closedWith).toEqual({ code: 4001, reason: 'no such app' })
  })

  it('may ask for things itself, as if the client had said them first', async () => {
    const eager: Protocol = {
      ...native(),
      open: (shake) => {
        const commands = [{ do: 'subscribe', ref: 1, channel: shake.query('channel') ?? '' } as const]
        return { scratch: undefined, greet: true, commands }
      },
    }
    const { hub, clock, admit } = testGateway({ protocols: { '/': eager } })
    const ticket = await admit({ query: { channel: 'orders' } })
    if (!ticket.ok) throw new Error(ticket.message)
    const { conn } = accept(hub, ticket)
    expect(hub.channelCount('orders')).toBe(1)
    await clock.settle()
    expect(conn.take()).toEqual([
      expect.objectContaining({ op: 'welcome' }),
      { op: 'ok', id: 1, channel: 'orders' },
    ])
  })

  it('finds nobody home when a listener closes the client as soon as it is there', async () => {
    const { hub, clock, admit, errors } = testGateway()
    hub.on('connect', (client) => client.close('terminated'))
    const ticket = await admit()
    if (!ticket.ok) throw new Error(ticket.message)
    const { conn } = accept(hub, ticket)
    conn.says({ op: 'ping', id: 1 })
    await clock.settle()
    expect(conn.messages).toEqual([{ op: 'bye', code: 'terminated', retry: false }])
    expect(errors).toEqual([])
  })
})

describe('the path', () => {
  const protocols = { '/': plain(), '/app/*': native(), '/app/special': plain(), '/app/deep/*': plain() }

  it.each<[string, string | number]>([
    ['/', 'plain'],
    ['/app/key', 'native'],
    ['/app/', 'native'],
    ['/app/a/b/c', 'native'],
    ['/app/special', 'plain'],
    ['/app/special/', 'native'],
    ['/app/deep/x', 'plain'],
    ['/app/deep', 'native'],
    ['/app', 404],
    ['/application/x', 404],
    ['/other', 404],
    ['//', 404],
    ['', 404],
    ['app/key', 404],
    ['/__proto__', 404],
  ])('%j speaks %s', async (path, expected) => {
    const { hub, admit } = testGateway({ protocols })
    const admission = await admit({ path })
    const spoken = admission.ok ? accept(hub, admission).client.protocol : admission.status
    expect(spoken).toBe(expected)
  })

  it('may be anything below the mount', async () => {
    const { gateway } = testGateway({ protocols: { '/*': native() } })
    expect(await outcome(gateway, { path: '/' })).toBe('admitted')
    expect(await outcome(gateway, { path: '/a/b' })).toBe('admitted')
  })

  it('costs no more to look up when a stranger makes it of slashes', async () => {
    let looked = 0
    class Counting extends Map<string, Protocol> {
      override get(path: string): Protocol | undefined {
        looked++
        return super.get(path)
      }
    }
    const { protocolAt } = await import('../../core/src/gateway/options.ts')
    protocolAt(new Counting([['/app/*', native()]]), '/'.repeat(16_000))
    expect(looked).toBeLessThan(10)
  })
})

describe('the options of a gateway', () => {
  it('have defaults that adapters can read', () => {
    expect(new Gateway().limits).toEqual({
      maxConnections: 10_000,
      maxMessageBytes: 524_288,
      handshakeTimeoutMs: 7_000,
      messageTimeoutMs: 10_000,
      maxHalfOpen: 512,
      maxControlFrames: 100,
      handlerTimeoutMs: 30_000,
      heartbeat: { intervalMs: 25_000, timeoutMs: 8_000 },
      messageRate: { rate: 100, burst: 200 },
      strikes: 10,
    })
  })

  it('are shared with its hub: timer, clock, and the hub itself', () => {
    const { gateway, hub } = testGateway()
    expect(gateway.hub).toBe(hub)
    expect(gateway.wheel).toBe(hub.wheel)
    expect(gateway.platform).toBe(hub.platform)
  })

  it.each<[string, object]>([
    ['maxConnections', { maxConnections: 0 }],
    ['maxMessageBytes', { maxMessageBytes: 1.5 }],
    ['handshakeTimeoutMs', { handshakeTimeoutMs: -1 }],
    ['messageTimeoutMs', { messageTimeoutMs: 0 }],
    ['maxHalfOpen', { maxHalfOpen: 0 }],
    ['maxControlFrames', { maxControlFrames: 1.5 }],
    ['heartbeat.intervalMs', { heartbeat: { intervalMs: -1 } }],
    ['heartbeat.timeoutMs', { heartbeat: { timeoutMs: Number.NaN } }],
    ['heartbeat', { heartbeat: { interval: 5_000 } }],
    ['protocols', { protocols: { app: native() } }],
    ['allowedOrigins', { allowedOrigins: 'https://app.test' }],
    ['allowedOrigins', { allowedOrigins: ['app.test'] }],
    ['allowedOrigins', { allowedOrigins: ['https://app.test/'] }],
    ['new Gateway', { allowedOrigin: ['https://app.test'] }],
  ])('are checked: %s in %j', (option, options) => {
    const make = (): Gateway => new Gateway(options)
    expect(make).toThrow(OptionError)
    expect(make).toThrow(expect.objectContaining({ code: 'bad-option', option }))
  })
})

function refused(status: number, why: Refusal['why'], message: string): Refusal {
  return { ok: false, status, headers: {}, why, message }
}
