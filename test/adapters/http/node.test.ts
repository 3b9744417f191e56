import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import { connect } from 'node:net'

import fastify from 'fastify'
import { Hono } from 'hono'
import { type HttpAdapter, httpAdapter, type HttpAdapterOptions } from '@fanfare/http'
import { nodeListener } from '@fanfare/http/node'
import { toNodeHandler } from 'srvx/node'
import { describe, expect, it, onTestFinished } from 'vitest'

import type { Peer } from '../../contracts/conn-stand.ts'
import { byToken } from '../../fakes/test-gateway.ts'
import { listening, type Live, liveGateway, type LiveOptions } from '../../support/live-gateway.ts'
import { PollPeer } from '../../support/poll-peer.ts'
import { SsePeer } from '../../support/sse-peer.ts'
import { until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

interface LiveHttp extends Live {
  readonly adapter: HttpAdapter
  readonly base: string
}

const OPTIONS: LiveOptions = {
  realTime: true,
  authenticate: byToken,
  hub: { authorizer: ({ auth }) => ({ allowed: true, member: { id: (auth as { id: string }).id } }) },
}

/** A gateway on one server by sockets and by plain HTTP. */
async function liveHttp(mount?: HttpAdapterOptions, options: LiveOptions = OPTIONS): Promise<LiveHttp> {
  const server = createServer()
  const live = await liveGateway({ ...options, server })
  const adapter = httpAdapter(live.gateway, mount)
  server.on('request', nodeListener(adapter))
  return { ...live, adapter, base: `http://127.0.0.1:${String(live.port)}` }
}

const sub = JSON.stringify({ op: 'sub', channel: 'presence-room' })

/** What a peer was told of others, such as `join ann`. */
function changes({ received }: Peer): string[] {
  const frames = received.map((data) => JSON.parse(data as string) as { op: string; member?: { id: string } })
  return frames.flatMap(({ op, member }) => (member ? [`${op} ${member.id}`] : []))
}

async function heard(peer: Peer, ...expected: string[]): Promise<void> {
  await until(() => changes(peer).length >= expected.length, expected.join(', '))
  expect(changes(peer)).toEqual(expected)
}

async function pollSession(base: string, target = '/poll?token=ann'): Promise<string> {
  const response = await fetch(`${base}${target}`, { method: 'POST' })
  const url = `${base}/poll?session=${((await response.json()) as { session: string }).session}`
  // The hub would wait for its last poll.
  onTestFinished(async () => void (await post(url, { close: {} })))
  return url
}

const post = (url: string, body: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), signal: signal ?? null })

/** A listener that says of each request who asks: the URL of a peer has no place for a token. */
function listenerAs(name: string, adapter: HttpAdapter): RequestListener {
  const listener = nodeListener(adapter)
  return (request, response) => {
    request.headers.authorization = `Bearer ${name}`
    listener(request, response)
  }
}

describe('clients of one hub', () => {
  it('see each other come and go, whatever connects them', async () => {
    const live = await liveHttp({ pollTimeMs: 0 })
    const { adapter, port } = live
    // One server per user, each with the same gateway behind.
    const urls = await Promise.all(
      ['ann', 'ben'].map(async (name) => {
        const port = await listening(createServer(listenerAs(name, adapter)))
        return `http://127.0.0.1:${String(port)}`
      }),
    )
    const cyd = await wsPeer(`ws://127.0.0.1:${String(port)}/?token=cyd`)
    cyd.send(sub)
    await until(() => live.hub.channelCount('presence-room') === 1, 'cyd')
    const ann = await SsePeer.open(urls[0] ?? '')
    ann.send(sub)
    await until(() => live.hub.channelCount('presence-room') === 2, 'ann')
    const ben = await PollPeer.open(urls[1] ?? '')
    ben.send(sub)
    await heard(cyd, 'join ann', 'join ben')
    await heard(ann, 'join ben')
    ann.close(1000, '')
    await heard(cyd, 'join ann', 'join ben', 'leave ann')
    await heard(ben, 'leave ann')
    cyd.close(1000, '')
    await heard(ben, 'leave ann', 'leave cyd')
    await ben.left()
    await until(() => live.hub.count() === 0, 'nobody')
    expect(live.errors).toEqual([])
    expect(live.hub.wheel.size).toBe(0)
  })
})

describe('a client that vanishes', () => {
  it('from its stream is noticed at once', async () => {
    const live = await liveHttp({}, { realTime: true })
    const peer = await SsePeer.open(live.base)
    peer.send(JSON.stringify({ op: 'sub', channel: 'orders' }))
    await until(() => live.hub.channelCount('orders') === 1, 'the subscription')
    peer.destroy()
    await until(() => live.gone.length > 0, 'its end')
    expect(live.gone).toMatchObject([{ why: 'closed', code: 1006, channels: ['orders'] }])
    expect(live.adapter.connections).toBe(0)
    expect(live.hub.wheel.size).toBe(0)
    expect(live.errors).toEqual([])
  })

  it('while it posts disturbs nobody', async () => {
    const live = await liveHttp()
    const url = await pollSession(live.base)
    const socket = connect(live.port, '127.0.0.1')
    const { pathname, search } = new URL(url)
    socket.write(`POST ${pathname}${search} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"messages":[`)
    await until(() => live.sockets.length >= 2, 'the request')
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    await until(() => live.sockets.at(-1)?.destroyed, 'the end of the socket')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(live.errors).toEqual([])
    expect((await post(url, {})).status).toBe(204)
  })

  it('while it polls takes nothing with it', async () => {
    const live = await liveHttp({ pollTimeMs: 0 })
    const url = await pollSession(live.base)
    const { n } = (await (await post(url, { poll: 0 })).json()) as { n: number }
    const leaving = new AbortController()
    const abandoned = post(url, { poll: n }, leaving.signal).catch(() => 'abandoned')
    await new Promise((resolve) => setTimeout(resolve, 50))
    leaving.abort()
    expect(await abandoned).toBe('abandoned')
    await new Promise((resolve) => setTimeout(resolve, 50))
    live.gateway.broadcast('news', 1)
    const { messages } = (await (await post(url, { poll: n })).json()) as { messages: string[] }
    expect(messages.map((message) => JSON.parse(message) as unknown)).toMatchObject([{ event: 'news' }])
    expect(live.errors).toEqual([])
  })
})

describe('a request over node:http', () => {
  it('is not over when its body was read: the poll waits on', async () => {
    const live = await liveHttp({ pollTimeMs: 0 })
    const url = await pollSession(live.base)
    const { n } = (await (await post(url, { poll: 0 })).json()) as { n: number }
    const polled = post(url, { poll: n })
    await new Promise((resolve) => setTimeout(resolve, 150))
    live.gateway.broadcast('news', 1)
    const { messages } = (await (await polled).json()) as { messages: string[] }
    expect(messages).toHaveLength(1)
  })

  it('that is too large is answered, and leaves the session as it was', async () => {
    const live = await liveHttp({}, { ...OPTIONS, maxMessageBytes: 1_000 })
    const url = await pollSession(live.base)
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(url, { method: 'POST', agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      // Whoever writes on after the answer may be cut.
      request.on('error', reject)
      request.end('x'.repeat(100_000))
    })
    expect(status).toBe(413)
    expect((await post(url, { messages: ['{"op":"ping"}'] })).status).toBe(204)
    expect(live.errors).toEqual([])
  })

  it('has the address of its socket', async () => {
    const live = await liveHttp()
    await pollSession(live.base)
    expect(live.gateway.clients()[0]?.remoteAddress).toBe('127.0.0.1')
  })

  it('with a host that is none, or a strange target, is answered', async () => {
    const live = await liveHttp()
    for (const target of ['*', '//', '/%', '/sse/../..', 'http://elsewhere/', '/\\..\\sse%00']) {
      const socket = connect(live.port, '127.0.0.1')
      let text = ''
      socket.on('data', (data) => (text += String(data)))
      socket.write(`GET ${target} HTTP/1.1\r\nhost: <>\r\nconnection: close\r\n\r\n`)
      await until(() => text.includes('\r\n\r\n'), `the answer to ${target}`)
      expect(`${target}: ${text}`).toMatch(/: HTTP\/1\.1 40\d/)
      socket.destroy()
    }
    expect(live.errors).toEqual([])
  })
})

describe('other servers', () => {
  async function smoke(base: string): Promise<void> {
    const listener = await SsePeer.open(`${base}/live`)
    const poller = await PollPeer.open(`${base}/live`)
    for (const peer of [listener, poller]) {
      await until(() => peer.received.length === 1, 'the welcome')
      peer.send('{"op":"ping","id":1}')
      await until(() => peer.received.length === 2, 'the answer')
      expect(peer.received[1]).toBe('{"op":"pong","id":1}')
    }
    listener.destroy()
    await poller.left()
  }

  it('such as Hono take the handler', async () => {
    const live = await liveGateway({ realTime: true })
    const handler = httpAdapter(live.gateway, { path: '/live', pollTimeMs: 0 })
    const app = new Hono()
    app.all('/live/*', (c) => handler(c.req.raw))
    app.get('/other', (c) => c.text('other'))
    live.server.on('request', toNodeHandler(app.fetch) as unknown as RequestListener)
    const base = `http://127.0.0.1:${String(live.port)}`
    await smoke(base)
    expect(await (await fetch(`${base}/other`)).text()).toBe('other')
    await until(() => handler.connections === 0, 'the end')
    expect(live.errors).toEqual([])
  })

  it('such as Fastify take the listener', async () => {
    const live = await liveGateway({ realTime: true })
    const handler = httpAdapter(live.gateway, { path: '/live', pollTimeMs: 0 })
    const listener = nodeListener(handler)
    const app = fastify({ forceCloseConnections: true })
    app.route({
      method: ['GET', 'POST', 'OPTIONS'],
      url: '/live/*',
      // Before Fastify reads the body.
      onRequest: (request, reply, done) => {
        reply.hijack()
        listener(request.raw, reply.raw)
        done()
      },
      handler: () => undefined,
    })
    app.get('/other', () => 'other')
    onTestFinished(() => app.close())
    const base = await app.listen({ host: '127.0.0.1', port: 0 })
    await smoke(base)
    expect(await (await fetch(`${base}/other`)).text()).toBe('other')
    await until(() => handler.connections === 0, 'the end')
    expect(live.errors).toEqual([])
  })
})
