import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'

import { plain, type Protocol } from '@fanfare/core'
import { attach } from '@fanfare/ws'
import { describe, expect, it, onTestFinished } from 'vitest'

import { connected, listening, type Live, liveGateway } from '../../support/live-gateway.ts'
import { RawPeer, rawFrame, upgradeRequest } from '../../support/raw-peer.ts'
import { TLS_CLIENT, TLS_SERVER } from '../../support/tls-without-certificates.ts'
import { turns, until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

/** A dialect in which a client has to speak first. */
const SHY: Protocol = { ...plain(), traits: { ...plain().traits, firstMessage: 'expected' } }

/** 100 ms before the 7 s are over nothing has happened yet; a little later the connection is gone. */
async function expectCutAfterSevenSeconds({ clock }: Live, peer: RawPeer): Promise<void> {
  await turns(10)
  clock.advance(6_900)
  await turns(10)
  expect(peer.closed).toBe(false)
  clock.advance(300)
  await peer.over()
}

describe('a connection that does not finish its handshake is cut after 7 s', () => {
  const request = upgradeRequest('/')

  it.each([
    ['nothing at all', ''],
    ['one byte', 'G'],
    ['half a request line', 'GET / HT'],
    ['a request line', 'GET / HTTP/1.1\r\n'],
    ['half its headers', request.slice(0, 60)],
    ['all but the last byte', request.slice(0, -1)],
    ['half a plain request', 'GET /page HTTP/1.1\r\nhost: x\r\n'],
  ])('when it sends %s', async (_what, part) => {
    const live = await liveGateway()
    const peer = await RawPeer.open(live.port)
    peer.send(part)
    await connected(live, 1)
    await expectCutAfterSevenSeconds(live, peer)
    expect(live.hub.wheel.size).toBe(0)
  })

  it('when it sends a byte now and then', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.open(live.port)
    await connected(live, 1)
    for (const byte of request.slice(0, 6)) {
      peer.send(byte)
      await turns(5)
      live.clock.advance(1_000)
    }
    expect(peer.closed).toBe(false)
    peer.send('x')
    live.clock.advance(1_200)
    await peer.over()
  })

  it('two hundred of them at once, while others come and go', async () => {
    const live = await liveGateway()
    const half = await Promise.all(Array.from({ length: 200 }, () => RawPeer.open(live.port)))
    for (const [at, peer] of half.entries()) peer.send(request.slice(0, at % request.length))
    await connected(live, 200)
    const whole = await wsPeer(live.url)
    live.clock.advance(7_200)
    await Promise.all(half.map((peer) => peer.over()))
    expect(whole.ended).toBeUndefined()
    expect(live.attached.connections).toBe(1)
    whole.destroy()
  })

  it('or before, when there are more than may be: the oldest first, and nobody who has asked', async () => {
    const live = await liveGateway({ maxHalfOpen: 3 })
    const whole = await wsPeer(live.url)
    const mute: RawPeer[] = []
    for (let at = 0; at < 5; at++) {
      mute.push(await RawPeer.open(live.port))
      await connected(live, at + 2)
    }
    await until(() => mute[1]?.closed, 'the oldest two to be cut')
    await turns(20)
    expect(mute.map(({ closed }) => closed)).toEqual([true, true, false, false, false])
    expect(whole.ended).toBeUndefined()
    mute[2]?.send(request)
    await mute[2]?.answered()
    expect(mute[2]?.status).toBe(101)
  })

  it('when it never begins with TLS, or stops after it', async () => {
    const server = createTlsServer(TLS_SERVER)
    const live = await liveGateway()
    const attached = attach(live.gateway, server)
    onTestFinished(() => attached.close())
    const port = await listening(server)
    server.on('connection', (socket: Socket) => live.sockets.push(socket))
    const good = await wsPeer(`wss://localhost:${String(port)}`, TLS_CLIENT)
    const bare = await RawPeer.open(port)
    await connected(live, 2)
    await expectCutAfterSevenSeconds(live, bare)
    expect(good.ended).toBeUndefined()
    good.destroy()
  })

  it('unless it goes before that', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.open(live.port)
    await connected(live, 1)
    expect(live.hub.wheel.size).toBe(1)
    peer.socket.destroy()
    await until(() => live.hub.wheel.size === 0, 'nothing to be waited for')
  })

  it('on a server that has two gateways', async () => {
    const live = await liveGateway({ mount: { path: '/one' } })
    const second = attach(live.gateway, live.server, { path: '/two' })
    onTestFinished(() => second.close())
    const peer = await RawPeer.open(live.port)
    await connected(live, 1)
    await expectCutAfterSevenSeconds(live, peer)
    const one = await RawPeer.upgraded(live.port, '/one')
    const two = await RawPeer.upgraded(live.port, '/two')
    live.clock.advance(7_200)
    await turns(10)
    expect([one.closed, two.closed]).toEqual([false, false])
  })
})

describe('a connection that asked for something in time is left alone', () => {
  it('when it was upgraded', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.upgraded(live.port)
    live.clock.advance(20_000)
    await turns(10)
    expect(peer.closed).toBe(false)
  })

  it.skipIf(process.platform === 'win32')('when it has no address, with TLS and without', async () => {
    const live = await liveGateway()
    const folder = await mkdtemp(join(tmpdir(), 'fanfare-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    for (const [scheme, server] of [
      ['ws', createServer()],
      ['wss', createTlsServer(TLS_SERVER)],
    ] as const) {
      const attached = attach(live.gateway, server)
      const path = join(folder, scheme)
      server.listen(path)
      await once(server, 'listening')
      const createConnection = (): Socket =>
        scheme === 'ws' ? connect(path) : connectTls({ ...(TLS_CLIENT as object), path })
      const peer = await wsPeer(`${scheme}://localhost/`, { createConnection })
      live.clock.advance(7_200)
      await turns(10)
      expect(peer.ended).toBeUndefined()
      await attached.close()
      await until(() => peer.ended, 'the end')
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('when it waits for the answer to a plain request', async () => {
    let answer = (): void => {}
    const server = createServer((_request, response) => (answer = () => response.end('at last')))
    const live = await liveGateway({ server })
    const page = fetch(`http://127.0.0.1:${String(live.port)}/slow`)
    await connected(live, 1)
    await until(() => live.hub.wheel.size === 0, 'the request')
    live.clock.advance(20_000)
    answer()
    expect(await (await page).text()).toBe('at last')
  })

  it('when it was there before the gateway was mounted, or stays after it was closed', async () => {
    const server = createServer((_request, response) => response.end('page'))
    const live = await liveGateway({ server })
    const peer = await RawPeer.open(live.port)
    await connected(live, 1)
    await live.attached.close()
    expect(live.hub.wheel.size).toBe(0)
    const again = attach(live.gateway, server)
    onTestFinished(() => again.close())
    live.clock.advance(20_000)
    peer.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await peer.answered()
    expect(peer.status).toBe(200)
  })
})

describe('a protocol in which the client speaks first', () => {
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a ping', rawFrame(0x89, Buffer.from('hello'))],
    ['a pong', rawFrame(0x8a)],
    ['half a frame head', Buffer.of(0x81)],
    ['the head of a message', Buffer.of(0x81, 0xfe, 0xff)],
    ['the beginning of a message', rawFrame(0x01, Buffer.from('to be continued'))],
  ])('is owed a message within 7 s, and %s is none', async (_what, bytes) => {
    const live = await liveGateway({ protocols: { '/': SHY } })
    const peer = await RawPeer.upgraded(live.port)
    peer.send(bytes)
    await turns(10)
    live.clock.advance(6_900)
    await turns(10)
    expect(live.gone).toEqual([])
    live.clock.advance(300)
    await until(() => peer.closeCode, 'the close frame')
    expect(peer.closeCode).toBe(4009)
    expect(live.gone).toEqual([expect.objectContaining({ why: 'auth-expected' })])
    live.clock.advance(5_200)
    await peer.over()
    await until(() => live.attached.connections === 0, 'the end')
    expect(live.hub.wheel.size).toBe(0)
  })

  it('lets those stay who said something', async () => {
    const live = await liveGateway({ protocols: { '/': SHY } })
    const peer = await RawPeer.upgraded(live.port)
    peer.text('hello')
    await turns(20)
    live.clock.advance(20_000)
    await turns(10)
    expect(live.gone).toEqual([])
    expect(peer.closed).toBe(false)
  })

  it('is meant in real time too', async () => {
    const live = await liveGateway({ protocols: { '/': SHY }, handshakeTimeoutMs: 200, realTime: true })
    const [silent, half] = [await RawPeer.upgraded(live.port), await RawPeer.open(live.port)]
    half.send('GET / HTTP/1.1\r\n')
    await until(() => silent.closeCode, 'the close frame')
    await half.over()
    expect(silent.closeCode).toBe(4009)
  })
})
