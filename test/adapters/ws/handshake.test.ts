import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'

import { Gateway, type Handshake, plain, type Refusal, type Ticket } from '@fanfare/core'
import { attach } from '@fanfare/ws'
import { describe, expect, it, onTestFinished } from 'vitest'

import { liveGateway, listening } from '../../support/live-gateway.ts'
import { type Headers, RawPeer, upgradeRequest } from '../../support/raw-peer.ts'
import { TLS_CLIENT, TLS_SERVER } from '../../support/tls-without-certificates.ts'
import { turns, until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

async function answer(port: number, headers: Headers, target = '/'): Promise<RawPeer> {
  const peer = await RawPeer.ask(port, target, headers)
  await peer.answered()
  return peer
}

/** A gateway that is asked about every handshake, and answers when the test says so. */
class PonderingGateway extends Gateway {
  readonly asked: Handshake[] = []
  decide: (admission: Promise<Ticket | Refusal>) => void = () => {}
  #decision = new Promise<Ticket | Refusal>((resolve) => (this.decide = resolve))

  override admit(handshake: Handshake): Promise<Ticket | Refusal> {
    this.asked.push(handshake)
    return this.#decision
  }
}

describe('an upgrade', () => {
  it('is answered as RFC 6455 says', async () => {
    const { port } = await liveGateway()
    const peer = await answer(port, {})
    expect(peer.status).toBe(101)
    expect(peer.head).toMatch(/sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i)
    expect(peer.head).not.toMatch(/sec-websocket-(protocol|extensions)/i)
  })

  it.each<[string, Headers]>([
    ['no key', { 'sec-websocket-key': undefined }],
    ['an empty key', { 'sec-websocket-key': '' }],
    ['a short key', { 'sec-websocket-key': 'c2hvcnQ=' }],
    ['a key that is no base64', { 'sec-websocket-key': '!'.repeat(22) + '==' }],
    ['no version', { 'sec-websocket-version': undefined }],
    ['an old version', { 'sec-websocket-version': '7' }],
    ['a version of the future', { 'sec-websocket-version': '14' }],
    ['another protocol', { upgrade: 'h2c' }],
    ['a list of subprotocols that is none', { 'sec-websocket-protocol': 'a,,b' }],
  ])('with %s is a bad request', async (_what, headers) => {
    const { port, hub } = await liveGateway()
    const peer = await answer(port, headers)
    expect(peer.status).toBe(400)
    await peer.over()
    expect(hub.count()).toBe(0)
  })

  it('with a wrong version is told which ones there are', async () => {
    const { port } = await liveGateway()
    const peer = await answer(port, { 'sec-websocket-version': '99' })
    expect(peer.head).toMatch(/sec-websocket-version: .*13/i)
  })

  it('by another method is not allowed', async () => {
    const { port } = await liveGateway()
    const peer = await RawPeer.open(port)
    peer.send(
      'POST / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n',
    )
    await peer.answered()
    expect(peer.status).toBe(405)
  })

  it('of which the first subprotocol is echoed, since browsers insist on one', async () => {
    const { port } = await liveGateway()
    const peer = await answer(port, { 'sec-websocket-protocol': 'one, two' })
    expect(peer.head).toMatch(/sec-websocket-protocol: one\b/i)
  })

  it('is answered together with the first thing that the client is told', async () => {
    const { port } = await liveGateway()
    const peer = await RawPeer.open(port)
    const heard = once(peer.socket, 'data')
    peer.send(upgradeRequest('/', {}))
    expect(String(await heard)).toMatch(/^HTTP\/1\.1 101 .*"op":"welcome"/s)
  })

  it('may be followed by messages in the same packet', async () => {
    const { port, gateway } = await liveGateway({ protocols: { '/': plain() } })
    gateway.onMessage((client, message) => client.client.send(`you said ${message.text}`))
    const peer = await RawPeer.open(port)
    const early = Buffer.concat([
      Buffer.from(
        'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
          'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      ),
      Buffer.of(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69),
    ])
    peer.send(early)
    await until(() => peer.texts.length > 0, 'the answer')
    expect(peer.texts).toEqual(['you said hi'])
  })
})

describe('the origin of a page', () => {
  it.each<[number, string | undefined, string]>([
    [101, undefined, 'app.test'],
    [101, 'https://app.test', 'app.test'],
    [101, 'http://localhost:6001', 'localhost:6001'],
    [101, 'http://[::1]:6001', '[::1]:6001'],
    [403, 'https://evil.test', 'app.test'],
    [403, 'null', 'app.test'],
    [403, '', 'app.test'],
    [403, 'https://app.test.evil.test', 'app.test'],
    [403, 'https://app.test@evil.test', 'evil.test'],
    [403, 'https://app.test:444', 'app.test'],
    [403, 'https://app.test, https://evil.test', 'app.test'],
  ])('gets %i when it is %j and the host is %s', async (status, origin, host) => {
    const { port } = await liveGateway()
    expect((await answer(port, { origin, host })).status).toBe(status)
  })

  it('is not compared with a request target, whatever that says', async () => {
    const { port } = await liveGateway({ protocols: { '/*': plain() } })
    const headers = { origin: 'http://evil.test', host: 'app.test' }
    for (const target of ['//evil.test', '//evil.test/', '/\\evil.test']) {
      expect((await answer(port, headers, target)).status).toBe(403)
    }
  })

  it('is refused when it is sent twice', async () => {
    const { port } = await liveGateway()
    const peer = await RawPeer.ask(port, '/', { origin: 'http://localhost\r\norigin: http://evil.test' })
    await peer.answered()
    expect(peer.status).toBe(403)
  })

  it('may be a list, or a function that sees the handshake', async () => {
    const list = await liveGateway({ allowedOrigins: ['https://app.test'] })
    expect((await answer(list.port, { origin: 'https://app.test' })).status).toBe(101)
    expect((await answer(list.port, { origin: 'http://localhost' })).status).toBe(403)
    const judged = await liveGateway({
      allowedOrigins: (origin, { query }) => query('from') === origin,
    })
    expect((await answer(judged.port, { origin: 'a:b' }, '/?from=a%3Ab')).status).toBe(101)
    expect((await answer(judged.port, { origin: 'a:b' }, '/?from=c')).status).toBe(403)
  })

  it('is of no interest behind a proxy as long as the Host header is passed on', async () => {
    const { port } = await liveGateway()
    const forwarded = { 'x-forwarded-host': 'evil.test', forwarded: 'host=evil.test', host: 'app.test' }
    expect((await answer(port, { ...forwarded, origin: 'https://evil.test' })).status).toBe(403)
    expect((await answer(port, { ...forwarded, origin: 'https://app.test' })).status).toBe(101)
  })
})

describe('what the gateway is told of a handshake', () => {
  it('is what the client sent, and nothing that it inherited', async () => {
    const seen: unknown[] = []
    const { port } = await liveGateway({
      allowedOrigins: (_origin, { path, query, header, subprotocols, remoteAddress, transport }) => {
        const names = ['x-token', 'constructor', '__proto__', 'toString', 'set-cookie', 'host']
        seen.push(
          { path, subprotocols, remoteAddress, transport },
          query('a'),
          query('none'),
          names.map(header),
        )
        return true
      },
    })
    await answer(
      port,
      { origin: 'x', 'x-token': 't', 'sec-websocket-protocol': 'one,  two', 'x-forwarded-for': '6.6.6.6' },
      '/?a=1%202&a=3&__proto__=x',
    )
    expect(seen).toEqual([
      { path: '/', subprotocols: ['one', 'two'], remoteAddress: '127.0.0.1', transport: 'websocket' },
      '1 2',
      undefined,
      ['t', undefined, undefined, undefined, undefined, 'localhost'],
    ])
  })

  it('is taken as it came, however it is mutilated', async () => {
    const { port } = await liveGateway({ allowedOrigins: (_origin, { query }) => query('a') === undefined })
    for (const query of ['?', '??', '?&&=', '?%', '?%zz', '?b=%ff%fe', `?${'b&'.repeat(2_000)}`]) {
      expect((await answer(port, { origin: 'x' }, `/${query}`)).status).toBe(101)
    }
  })
})

describe('a server that has no room', () => {
  it('answers 503 and says when to come back', async () => {
    const live = await liveGateway({ maxConnections: 2 })
    const first = await RawPeer.upgraded(live.port)
    await RawPeer.upgraded(live.port)
    const third = await answer(live.port, {})
    expect(third.status).toBe(503)
    expect(third.head).toMatch(/\r\nretry-after: 1/)
    first.socket.destroy()
    await until(() => live.hub.count() === 1, 'a free place')
    expect((await answer(live.port, {})).status).toBe(101)
  })
})

describe('a gateway that takes its time', () => {
  async function pondering(): Promise<{
    gateway: PonderingGateway
    live: Awaited<ReturnType<typeof liveGateway>>
  }> {
    const live = await liveGateway({ mount: { path: '/unused' } })
    const gateway = new PonderingGateway({ hub: live.hub })
    const attached = attach(gateway, live.server, { path: '/slow' })
    onTestFinished(() => attached.close())
    return { gateway, live: { ...live, attached } }
  }

  it('too much of it: the handshake is answered 503 after 7 s, and what it decides then is of no use', async () => {
    const { gateway, live } = await pondering()
    const peer = await RawPeer.ask(live.port, '/slow')
    await until(() => gateway.asked.length === 1, 'the handshake')
    live.clock.advance(6_900)
    await turns(10)
    expect(peer.status).toBe(0)
    live.clock.advance(300)
    await peer.over()
    expect(peer.status).toBe(503)
    gateway.decide(new Gateway({ hub: live.hub }).admit(gateway.asked[0]!))
    await turns(10)
    expect(live.hub.count()).toBe(0)
    expect(live.errors).toEqual([])
  })

  it('and meanwhile the mount closes: 503 at once, and nobody comes in later', async () => {
    const { gateway, live } = await pondering()
    const peer = await RawPeer.ask(live.port, '/slow')
    await until(() => gateway.asked.length === 1, 'the handshake')
    await live.attached.close()
    await peer.over()
    expect(peer.status).toBe(503)
    expect(peer.head).toMatch(/\r\nretry-after: 1/)
    gateway.decide(new Gateway({ hub: live.hub }).admit(gateway.asked[0]!))
    await turns(10)
    expect(live.hub.count()).toBe(0)
    expect(live.hub.wheel.size).toBe(0)
  })

  it('and meanwhile the client vanishes: nothing is left', async () => {
    const { gateway, live } = await pondering()
    const peer = await RawPeer.ask(live.port, '/slow')
    await until(() => gateway.asked.length === 1, 'the handshake')
    peer.socket.resetAndDestroy()
    await until(() => live.sockets.every((socket) => socket.destroyed), 'the server to notice')
    await until(() => live.hub.wheel.size === 0, 'nothing to be waited for')
    gateway.decide(new Gateway({ hub: live.hub }).admit(gateway.asked[0]!))
    await turns(10)
    expect(live.hub.count()).toBe(0)
    expect(live.hub.wheel.size).toBe(0)
    expect(live.attached.connections).toBe(0)
  })

  it('and fails: the client is cut off, the error is told, the server goes on', async () => {
    const { gateway, live } = await pondering()
    const peer = await RawPeer.ask(live.port, '/slow')
    await until(() => gateway.asked.length === 1, 'the handshake')
    gateway.decide(Promise.reject(new Error('no database')))
    await peer.over()
    expect(live.errors).toEqual([{ error: new Error('no database'), where: 'conn' }])
    expect(live.hub.wheel.size).toBe(0)
  })

  it('and accepts with an error: the client is cut off whatever it sent already', async () => {
    const { gateway, live } = await pondering()
    const peer = await RawPeer.ask(live.port, '/slow')
    peer.send(Buffer.alloc(64, 0xff))
    await until(() => gateway.asked.length === 1, 'the handshake')
    const accept = (): never => {
      throw new Error('broken protocol')
    }
    gateway.decide(Promise.resolve({ ok: true, accept }))
    await peer.over()
    expect(live.errors).toEqual([{ error: new Error('broken protocol'), where: 'conn' }])
    expect(live.attached.connections).toBe(0)
    expect(live.hub.wheel.size).toBe(0)
  })
})

describe('over TLS', () => {
  it('everything is as without', async () => {
    const server = createTlsServer(TLS_SERVER)
    const { hub } = await liveGateway()
    const gateway = new Gateway({ hub, protocols: { '/': plain() } })
    gateway.onMessage((client, message) => client.client.send(message.text.toUpperCase()))
    const attached = attach(gateway, server)
    const port = await listening(server)
    const peer = await wsPeer(`wss://localhost:${String(port)}`, TLS_CLIENT)
    peer.send('hello')
    await until(() => peer.received.length > 0, 'the answer')
    expect(peer.received).toEqual(['HELLO'])
    await attached.close()
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
  })
})
