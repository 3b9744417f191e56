import { bunAdapter, serve } from '@fanfare/bun'
import { type DisconnectEvent, Gateway, type GatewayOptions, Hub, OptionError } from '@fanfare/core'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'

import { rawFrame } from '../../support/raw-frames.ts'
import { TcpPeer } from '../../support/tcp-peer.ts'
import { until } from '../../support/until.ts'

type Headers = Readonly<Record<string, string>>

/** Serves a gateway for the time of a test. */
async function served<T>(
  options: GatewayOptions,
  use: (url: string, gateway: Gateway) => Promise<T>,
  path = '/live',
): Promise<T> {
  const gateway = new Gateway(options)
  const server = await serve(gateway, { path })
  try {
    return await use(server.url, gateway)
  } finally {
    await server.close()
    await gateway.hub.close()
  }
}

const HANDSHAKE: Headers = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Asks for an upgrade, and hears what is answered instead. */
async function asked(url: string, headers: Headers = {}): Promise<Response> {
  return fetch(url.replace('ws:', 'http:'), { headers: { ...HANDSHAKE, ...headers } })
}

describe('a request that leads to nothing', () => {
  it('is answered with a status that says why', async () => {
    const authenticate: GatewayOptions['authenticate'] = ({ token }) =>
      token === undefined ? undefined : { id: token }
    await served({ authenticate, maxConnections: 1 }, async (url, gateway) => {
      expect((await asked(url)).status).toBe(401)
      expect((await asked(`${url}?token=ada`, { origin: 'https://elsewhere.example' })).status).toBe(403)
      expect((await asked(url.replace('/live', '/other'))).status).toBe(404)
      expect((await asked(`${url}/unknown?token=ada`)).status).toBe(404)
      const plain = await fetch(url.replace('ws:', 'http:'))
      expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket'])
      expect(gateway.hub.count()).toBe(0)
      const peer = await TcpPeer.open(`${url}?token=ada`)
      const full = await asked(`${url}?token=bob`)
      expect([full.status, full.headers.get('retry-after')]).toEqual([503, '1'])
      peer.destroy()
    })
  })

  it('is refused once the adapter closes', async () => {
    const gateway = new Gateway()
    const { fetch: answer, websocket, close } = bunAdapter(gateway)
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer, websocket })
    await close()
    expect((await asked(`ws://127.0.0.1:${String(server.port)}/`)).status).toBe(503)
    await server.stop(true)
    await gateway.hub.close()
  })
})

describe('a connection', () => {
  it('is known by its address, query and subprotocol', async () => {
    const seen: unknown[] = []
    const authenticate: GatewayOptions['authenticate'] = ({ handshake, token }) => {
      seen.push([handshake.path, handshake.remoteAddress, token, [...handshake.subprotocols]])
      return { id: 'ada' }
    }
    await served({ authenticate }, async (url) => {
      const socket = new WebSocket(`${url}?token=t`, ['first', 'second'])
      await until(() => socket.readyState === WebSocket.OPEN, 'the connection')
      expect(socket.protocol).toBe('first')
      expect(seen).toEqual([['/', '127.0.0.1', 't', ['first', 'second']]])
      socket.close()
    })
  })

  it('that says more than it may is cut, and nobody else', async () => {
    await served({ maxMessageBytes: 1_000 }, async (url) => {
      const [loud, quiet] = [await TcpPeer.open(url), await TcpPeer.open(url)]
      loud.send('x'.repeat(1_001))
      await until(() => loud.ended, 'the end')
      quiet.send('{"op":"ping","id":1}')
      await until(() => quiet.received.length === 2, 'the pong')
      expect(quiet.ended).toBeUndefined()
      quiet.destroy()
    })
  })

  it('keeps everything for a peer that is slow: Bun drops nothing behind the back of the hub', async () => {
    const hub = new Hub({ outbox: { frames: 10_000, bytes: 256 * 1_048_576 }, writeTimeoutMs: 0 })
    await served({ hub }, async (url) => {
      const peer = await TcpPeer.open(url)
      await until(() => hub.count() === 1, 'the client')
      const client = hub.clients()[0]!
      await hub.subscribe(client, 'news')
      peer.stall()
      const message = 'x'.repeat(65_536)
      for (let at = 0; at < 400; at++) {
        hub.broadcast('news', `${String(at)} ${message}`)
        if (at % 20 === 0) await new Promise((resolve) => setTimeout(resolve))
      }
      peer.resume()
      const numbers = (): number[] =>
        peer.received.flatMap((data) => /"data":"(\d+) x/.exec(String(data))?.slice(1).map(Number) ?? [])
      await until(() => numbers().length === 400, 'all messages')
      expect(numbers()).toEqual(Array.from({ length: 400 }, (_, at) => at))
      expect(client.drops).toBe(0)
      peer.destroy()
    })
  })

  it('whose peer fell silent is found by the heartbeat, one that answers pings stays', async () => {
    const gone: DisconnectEvent[] = []
    const hub = new Hub()
    hub.on('disconnect', (event) => gone.push(event))
    await served({ hub, heartbeat: { intervalMs: 300, timeoutMs: 200 } }, async (url) => {
      const [alive, silent] = [await TcpPeer.open(url), await TcpPeer.open(url)]
      silent.stall()
      await until(() => gone.length > 0, 'the departure')
      expect(gone.map(({ why }) => why)).toEqual(['idle'])
      expect(alive.ended).toBeUndefined()
      alive.destroy()
    })
  })

  it('is told goodbye when the adapter closes', async () => {
    const gateway = new Gateway()
    const server = await serve(gateway)
    const peer = await TcpPeer.open(server.url)
    await until(() => server.connections === 1, 'the connection')
    await server.close()
    await until(() => peer.ended, 'the end')
    expect(peer.received.at(-1)).toContain('"op":"bye"')
    expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
    expect(server.connections).toBe(0)
    await gateway.hub.close()
    expect(gateway.hub.wheel.size).toBe(0)
  })

  it('gets compressed messages if it offers that, and they are what was sent', async () => {
    const gateway = new Gateway()
    const server = await serve(gateway, { compression: true })
    const socket = new WebSocket(server.url)
    const received: string[] = []
    socket.onmessage = ({ data }) => received.push(String(data))
    await until(() => received.length === 1, 'the welcome')
    const text = 'again and '.repeat(1_000)
    gateway.broadcast('news', text)
    await until(() => received.length === 2, 'the message')
    expect(JSON.parse(received[1] ?? '')).toMatchObject({ event: 'news', data: text })
    socket.close()
    await server.close()
    await gateway.hub.close()
  })
})

describe('the adapter', () => {
  it('stands beside routes of one’s own', async () => {
    const gateway = new Gateway()
    const adapter = bunAdapter(gateway, { path: '/live' })
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      websocket: adapter.websocket,
      fetch: (request, host) =>
        adapter.handles(request) ? adapter.fetch(request, host) : new Response('mine'),
    })
    const at = `127.0.0.1:${String(server.port)}`
    expect(await (await fetch(`http://${at}/about`)).text()).toBe('mine')
    const peer = await TcpPeer.open(`ws://${at}/live`)
    await until(() => peer.received.length === 1, 'the welcome')
    peer.destroy()
    await adapter.close()
    await server.stop(true)
    await gateway.hub.close()
  })

  it('refuses wrong options by name', () => {
    const gateway = new Gateway()
    for (const [options, name] of [
      [{ path: 'live' }, 'path'],
      [{ compression: 7 }, 'compression'],
      [{ compression: { threshold: -1 } }, 'compression.threshold'],
      [{ color: 'red' }, 'bunAdapter'],
    ] as const) {
      expect(() => bunAdapter(gateway, options as never)).toThrow(OptionError)
      expect(() => bunAdapter(gateway, options as never)).toThrow(name)
    }
  })
})

/** Sends bytes of its own to a server, and collects what comes until the connection is over. */
function raw(url: string, bytes: string): { text: string; over: boolean } {
  const seen = { text: '', over: false }
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes))
  socket.on('data', (chunk) => (seen.text += String(chunk))).on('close', () => (seen.over = true))
  socket.on('error', () => {})
  return seen
}

describe('plain connections', () => {
  it('are cut when nothing is asked any more, whatever was asked before', async () => {
    const gateway = new Gateway({ handshakeTimeoutMs: 1_000 })
    const server = await serve(gateway, { fetch: () => new Response('page') })
    const seen = [
      raw(server.url, 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n'),
      raw(server.url, 'POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc'),
      raw(server.url, 'GET / HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
    ]
    await until(() => seen.every(({ over }) => over), 'the end of all', 15_000)
    expect(seen.map(({ text }) => text.slice(9, 12))).toEqual(['200', '200', '200'])
    await server.close()
    await gateway.hub.close()
  }, 20_000)

  it('are told nothing of the program when what they ask is nonsense, and nothing of it is reported', async () => {
    const errors: unknown[] = []
    await served({}, async (url, gateway) => {
      gateway.hub.on('error', (event) => errors.push(event))
      for (const host of ['[', 'a b', '%', 'x:99999999']) {
        for (const upgrade of ['', 'connection: upgrade\r\nupgrade: websocket\r\n']) {
          const seen = raw(url, `GET /live?token=secret HTTP/1.1\r\nhost: ${host}\r\n${upgrade}\r\n`)
          await until(() => seen.text !== '' || seen.over, 'an answer')
          expect(seen.text).not.toContain('secret')
          expect(seen.text).not.toContain('.ts')
          expect(seen.text.length).toBeLessThan(300)
        }
      }
    })
    expect(errors).toEqual([])
  })

  it('are told nothing of what a handler throws, which is reported', async () => {
    const errors: unknown[] = []
    const gateway = new Gateway()
    gateway.hub.on('error', ({ error }) => errors.push(error))
    const broken = new Error('of the handler')
    const server = await serve(gateway, { fetch: () => Promise.reject(broken) })
    const answer = await fetch(server.url.replace('ws:', 'http:'))
    expect([answer.status, await answer.text()]).toEqual([500, 'something went wrong here\n'])
    expect(errors).toEqual([broken])
    await server.close()
    await gateway.hub.close()
  })
})

describe('pings and pongs', () => {
  it('of one client are limited', async () => {
    const gone: DisconnectEvent[] = []
    const hub = new Hub()
    hub.on('disconnect', (event) => gone.push(event))
    await served({ hub }, async (url) => {
      for (const first of [0x89, 0x8a]) {
        const [loud, quiet] = [await TcpPeer.open(url), await TcpPeer.open(url)]
        loud.sendRaw(Buffer.concat(Array.from({ length: 5_000 }, () => rawFrame(first))))
        quiet.sendRaw(Buffer.concat(Array.from({ length: 100 }, () => rawFrame(first))))
        await until(() => loud.ended, 'the end')
        expect(quiet.ended).toBeUndefined()
        quiet.destroy()
      }
      expect(gone.filter(({ why }) => why === 'rate').length).toBe(2)
    })
  })
})
