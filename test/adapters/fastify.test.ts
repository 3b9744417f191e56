import type { AddressInfo } from 'node:net'

import { Gateway, type GatewayOptions } from '@fanfare/core'
import { fanfare, type FanfareOptions, requestOf } from '@fanfare/fastify'
import websocket from '@fastify/websocket'
import { fastify, type FastifyInstance } from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'

import { connContract } from '../contracts/conn.contract.ts'
import { RawPeer, rawFrame } from '../support/raw-peer.ts'
import { turns, until } from '../support/until.ts'
import { wsPeer } from '../support/ws-peer.ts'
import { wsStand } from '../support/ws-stand.ts'

connContract('fastify', async (gateway) => {
  const app = fastify({ forceCloseConnections: true })
  await app.register(fanfare, { gateway, path: '/live' })
  return wsStand(`${await urlOf(app)}/live`, () => app.close())
})

/** Where an app listens, from the first time it is asked. */
async function urlOf(app: FastifyInstance): Promise<string> {
  if (!app.server.listening) await app.listen({ port: 0 })
  return `ws://127.0.0.1:${String((app.server.address() as AddressInfo).port)}`
}

/** An app for the time of a test. */
function newApp(): FastifyInstance {
  const app = fastify({ forceCloseConnections: true })
  onTestFinished(() => app.close())
  return app
}

async function appWith(options: GatewayOptions = {}, path = '/live') {
  const app = newApp()
  const gateway = new Gateway(options)
  onTestFinished(() => gateway.hub.close())
  await app.register(fanfare, { gateway, path })
  return { app, gateway }
}

async function statusOf(app: FastifyInstance, target: string, headers = {}): Promise<number> {
  const peer = await RawPeer.ask(Number(new URL(await urlOf(app)).port), target, headers)
  await peer.answered()
  return peer.status
}

describe('an upgrade that leads to nothing', () => {
  it('is answered with a status that says why, and takes no place', async () => {
    const authenticate: GatewayOptions['authenticate'] = ({ token }) =>
      token === undefined ? undefined : { id: token }
    const { app, gateway } = await appWith({ authenticate, maxConnections: 1 })
    expect(await statusOf(app, '/live')).toBe(401)
    expect(await statusOf(app, '/live?token=ada', { origin: 'https://elsewhere.example' })).toBe(403)
    expect(await statusOf(app, '/live/unknown?token=ada')).toBe(404)
    expect(gateway.hub.count()).toBe(0)
    expect(await statusOf(app, '/live?token=ada')).toBe(101)
    expect(await statusOf(app, '/live?token=bob')).toBe(503)
  })

  it('is 426 without an upgrade, and the rest of the app is left alone', async () => {
    const { app } = await appWith()
    app.get('/about', () => 'mine')
    const plain = await app.inject('/live')
    expect([plain.statusCode, plain.headers['upgrade']]).toEqual([426, 'websocket'])
    expect((await app.inject('/about')).body).toBe('mine')
    expect((await app.inject('/other')).statusCode).toBe(404)
  })
})

describe('hooks of the application', () => {
  it('may refuse before the upgrade', async () => {
    const { app, gateway } = await appWith({}, '/')
    app.addHook('preValidation', async (_request, reply) => reply.code(418).send('no'))
    expect(await statusOf(app, '/')).toBe(418)
    expect(gateway.hub.count()).toBe(0)
  })

  it('put things on the request that reach authenticate', async () => {
    const app = newApp()
    app.decorateRequest('user', '')
    app.addHook('preValidation', async (request) => {
      Object.assign(request, { user: String(request.headers['x-user']) })
    })
    const gateway = new Gateway({
      authenticate: ({ handshake }) => ({ id: (requestOf(handshake) as unknown as { user: string }).user }),
    })
    await app.register(fanfare, { gateway, path: '/live' })
    const peer = await wsPeer(`${await urlOf(app)}/live`, { headers: { 'x-user': 'ada' } })
    expect(gateway.clients().map(({ user }) => user?.id)).toEqual(['ada'])
    peer.destroy()
  })
})

describe('one app', () => {
  it('has several gateways, and web sockets of its own', async () => {
    const app = newApp()
    const [news, chat] = [new Gateway(), new Gateway()]
    await app.register(fanfare, { gateway: news, path: '/news' })
    await app.register(fanfare, { gateway: chat, path: '/chat' })
    await app.register(async (scope) => {
      scope.get('/echo', { websocket: true }, (socket) => {
        socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`))
      })
    })
    const url = await urlOf(app)
    const peers = [await wsPeer(`${url}/news`), await wsPeer(`${url}/chat`), await wsPeer(`${url}/echo`)]
    peers[2]?.send('hello')
    await until(() => peers[2]?.received.length === 1, 'the echo')
    expect(peers[2]?.received).toEqual(['echo hello'])
    expect([news.hub.count(), chat.hub.count()]).toEqual([1, 1])
    for (const peer of peers) peer.destroy()
  })

  it('mounts below the prefix of its context', async () => {
    const app = newApp()
    const gateway = new Gateway()
    await app.register(
      async (scope) => {
        await scope.register(fanfare, { gateway, path: '/live' })
      },
      { prefix: '/api' },
    )
    const peer = await wsPeer(`${await urlOf(app)}/api/live`)
    await until(() => peer.received.length === 1, 'the welcome')
    expect((await app.inject('/live')).statusCode).toBe(404)
    peer.destroy()
  })

  it('may have registered @fastify/websocket by itself', async () => {
    const app = newApp()
    await app.register(websocket)
    const gateway = new Gateway()
    await app.register(fanfare, { gateway, path: '/live' })
    const peer = await wsPeer(`${await urlOf(app)}/live`)
    await until(() => gateway.hub.count() === 1, 'the client')
    peer.close(1000, '')
    await until(() => gateway.hub.count() === 0, 'the departure')
    expect(peer.received).toHaveLength(1)
  })

  it('says goodbye to everybody when it closes', async () => {
    const { app, gateway } = await appWith()
    const peer = await wsPeer(`${await urlOf(app)}/live`)
    await until(() => peer.received.length === 1, 'the welcome')
    await app.close()
    await until(() => peer.ended, 'the end')
    expect(peer.received.at(-1)).toContain('"op":"bye"')
    expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
    expect(gateway.hub.count()).toBe(0)
  })

  it('closes the web sockets of its own too', async () => {
    const app = newApp()
    await app.register(fanfare, { gateway: new Gateway(), path: '/live' })
    await app.register(async (scope) => {
      scope.get('/echo', { websocket: true }, () => {})
    })
    const peer = await wsPeer(`${await urlOf(app)}/echo`)
    await app.close()
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toBeDefined()
  })

  it('lets nobody in who is decided about after it began to close', async () => {
    let decide = (_user: { id: string }): void => {}
    const { app, gateway } = await appWith({
      authenticate: () => new Promise((resolve) => (decide = resolve)),
    })
    const status = statusOf(app, '/live')
    const asked = decide
    await until(() => decide !== asked, 'the question')
    const closed = app.close()
    await turns(20)
    decide({ id: 'ada' })
    expect(await status).toBe(503)
    await closed
    expect(gateway.hub.count()).toBe(0)
  })

  it('lets each gateway have its own limit of messages', async () => {
    const app = newApp()
    const [small, large] = [
      new Gateway({ maxMessageBytes: 1_000 }),
      new Gateway({ maxMessageBytes: 100_000 }),
    ]
    await app.register(fanfare, { gateway: small, path: '/small' })
    await app.register(fanfare, { gateway: large, path: '/large' })
    const url = await urlOf(app)
    const [narrow, wide] = [await wsPeer(`${url}/small`), await wsPeer(`${url}/large`)]
    const call = JSON.stringify({ op: 'call', id: 1, method: 'x', data: 'x'.repeat(5_000) })
    narrow.send(call)
    wide.send(call)
    await until(() => narrow.ended && wide.received.length === 2, 'both answers')
    expect([narrow.ended?.code, wide.ended]).toEqual([1009, undefined])
    wide.destroy()
  })

  it('knows what lies below a prefix with parameters', async () => {
    const app = newApp()
    const gateway = new Gateway()
    await app.register(
      async (scope) => {
        await scope.register(fanfare, { gateway, path: '/live' })
      },
      { prefix: '/:tenant' },
    )
    expect(await statusOf(app, '/acme/live')).toBe(101)
    expect(await statusOf(app, '/acme/live/')).toBe(101)
    expect(await statusOf(app, '/acme/live/unknown')).toBe(404)
  })

  it('refuses wrong options by name', async () => {
    for (const [options, name] of [
      [{ gateway: 7 }, 'gateway'],
      [{ gateway: new Gateway(), path: 'live' }, 'path'],
      [{ gateway: new Gateway(), color: 'red' }, 'color'],
    ] as const) {
      const app = newApp()
      await expect(app.register(fanfare, options as unknown as FanfareOptions).ready()).rejects.toThrow(name)
    }
  })
})

/** Asks for an upgrade. Resolves to the status when the connection is over. */
async function refusedWith(app: FastifyInstance, target: string, headers = {}): Promise<number> {
  const peer = await RawPeer.ask(Number(new URL(await urlOf(app)).port), target, headers)
  await peer.over()
  return peer.status
}

describe('an upgrade to a route that takes no web sockets', () => {
  it('is refused with 404, and not held', async () => {
    const { app, gateway } = await appWith()
    app.get('/about', () => 'mine')
    app.all('/*', (_request, reply) => reply.code(404).send())
    for (const target of ['/about', '/other', '/live2', '/']) {
      expect([target, await refusedWith(app, target)]).toEqual([target, 404])
    }
    expect(gateway.hub.count()).toBe(0)
    expect((await app.inject('/about')).body).toBe('mine')
  })

  it('is refused where nobody routes it, inside and outside of a prefix', async () => {
    const app = newApp()
    const gateway = new Gateway({ handshakeTimeoutMs: 200 })
    await app.register(async (scope) => scope.register(fanfare, { gateway, path: '/live' }).after(), {
      prefix: '/api',
    })
    for (const target of ['/api/other', '/other']) {
      expect([target, await refusedWith(app, target)]).toEqual([target, 404])
    }
  })

  it('is not held by routes that were there before, and does not hold up the end of the app', async () => {
    const app = newApp()
    const gateway = new Gateway({ handshakeTimeoutMs: 200 })
    await app.register(websocket)
    app.get('/about', () => 'mine')
    await app.register(fanfare, { gateway, path: '/live' })
    await refusedWith(app, '/about')
    await RawPeer.ask(Number(new URL(await urlOf(app)).port), '/about')
    await app.close()
    expect(app.server.listening).toBe(false)
  })

  it('is refused for other protocols', async () => {
    const { app, gateway } = await appWith()
    for (const target of ['/live', '/other']) {
      const headers = { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings', 'http2-settings': 'AAMAAABk' }
      expect(await refusedWith(app, target, headers)).toBeGreaterThanOrEqual(400)
    }
    expect(gateway.hub.count()).toBe(0)
  })
})

describe.each([false, true])(
  'the limits of messages, when the app brings @fastify/websocket: %s',
  (brings) => {
    async function limited(): Promise<{ gateway: Gateway; port: number; gone: string[] }> {
      const app = newApp()
      if (brings) await app.register(websocket)
      const gateway = new Gateway({ maxMessageBytes: 100_000 })
      onTestFinished(() => gateway.hub.close())
      const gone: string[] = []
      gateway.hub.on('disconnect', ({ code }) => gone.push(String(code)))
      await app.register(fanfare, { gateway, path: '/live' })
      return { gateway, port: Number(new URL(await urlOf(app)).port), gone }
    }

    it.each([
      [
        'many small pieces',
        Buffer.concat([rawFrame(0x01), ...Array.from({ length: 2_000 }, () => rawFrame(0))]),
      ],
      ['a head that announces too much', rawFrame(0x81, Buffer.alloc(100_001)).subarray(0, 20)],
      [
        'too much in pieces',
        Buffer.concat([1, 2, 3].map((at) => rawFrame(at === 1 ? 1 : 0, Buffer.alloc(40_000)))),
      ],
      ['many pings', Buffer.concat(Array.from({ length: 1_000 }, () => rawFrame(0x89)))],
    ])('%s end the connection', async (_what, bytes) => {
      const { port, gone, gateway } = await limited()
      const peer = await RawPeer.upgraded(port, '/live')
      peer.send(bytes)
      await until(() => gone.length === 1, 'the end')
      expect(['1008', '1009', '4102', '1006']).toContain(gone[0])
      peer.send(rawFrame(0x88))
      await peer.over()
      await until(() => gateway.hub.budgets.inbound.used === 0, 'nothing to be held')
    })

    it('what is unfinished is on the budget', async () => {
      const { port, gateway } = await limited()
      const peer = await RawPeer.upgraded(port, '/live')
      peer.send(rawFrame(0x81, Buffer.alloc(50_000)).subarray(0, 40_000))
      await until(() => gateway.hub.budgets.inbound.used >= 40_000, 'the bytes')
      expect(gateway.hub.count()).toBe(1)
      peer.socket.destroy()
      await until(() => gateway.hub.budgets.inbound.used === 0, 'nothing to be held')
    })
  },
)

describe('connections that have not asked for anything', () => {
  it('have a bound of their own, and a time', async () => {
    const { app } = await appWith({ maxHalfOpen: 3, handshakeTimeoutMs: 500 })
    const port = Number(new URL(await urlOf(app)).port)
    const mute: RawPeer[] = []
    for (let at = 0; at < 5; at++) mute.push(await RawPeer.open(port))
    await until(() => mute.filter(({ closed }) => closed).length >= 2, 'the oldest to be cut')
    expect(await statusOf(app, '/live')).toBe(101)
    await Promise.all(mute.map((peer) => peer.over()))
    expect((await app.inject('/live')).statusCode).toBe(426)
  })
})
