import { cookieOf } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { byToken } from '../../fakes/test-gateway.ts'
import { saidIn } from '../../support/event-stream.ts'
import { httpStage, type HttpStage } from '../../support/http-stage.ts'

const PAGE = 'https://app.example.com'
const TRANSPORTS = [
  ['/sse', 'GET'],
  ['/poll', 'POST'],
] as const

/** What a refusal in a stream says: the body is over with it. */
async function farewell(response: Response): Promise<{ retry: number | undefined; events: unknown[] }> {
  const { retry, events } = saidIn(new Uint8Array(await response.arrayBuffer()))
  return { retry, events: events.map(({ event, data }) => [event, JSON.parse(data)]) }
}

function nobodyIn({ hub, adapter }: HttpStage): void {
  expect(hub.count()).toBe(0)
  expect(adapter.connections).toBe(0)
  expect(hub.wheel.size).toBe(0)
}

describe.each(TRANSPORTS)('who comes to %s by %s', (target, method) => {
  it('is let in', async () => {
    const { ask, hub, adapter } = httpStage()
    const response = await ask(target, { method })
    expect(response.status).toBe(200)
    expect(response.headers.get('vary')).toBe('origin')
    expect(response.headers.has('access-control-allow-origin')).toBe(false)
    expect([hub.count(), adapter.connections]).toEqual([1, 1])
  })

  it('finds nothing at a path that is not served', async () => {
    const stage = httpStage({ mount: { path: '/live' } })
    for (const elsewhere of ['/', target, `/live/chat${target}`, `/live${target}x`, `/lively${target}`]) {
      const { status } = await stage.ask(elsewhere, { method })
      expect([elsewhere, status]).toEqual([elsewhere, 404])
    }
    nobodyIn(stage)
    expect((await stage.ask(`/live${target}`, { method })).status).toBe(200)
    expect((await stage.ask(`/live${target}/`, { method })).status).toBe(200)
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'HEAD'])(
    'is told which methods there are instead of %s',
    async (wrong) => {
      const stage = httpStage()
      const response = await stage.ask(target, { method: wrong })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe(method === 'GET' ? 'GET, POST, OPTIONS' : 'POST, OPTIONS')
      nobodyIn(stage)
    },
  )

  it.each([PAGE, 'null', 'http://host:81', 'http://host.example.com', 'http://evil/?http://host'])(
    'from the page %s is refused',
    async (origin) => {
      const stage = httpStage()
      for (const asked of [method, 'POST', 'OPTIONS']) {
        const response = await stage.ask(target, { method: asked, headers: { origin } })
        expect([asked, response.status]).toEqual([asked, 403])
        expect(response.headers.has('access-control-allow-origin')).toBe(false)
        expect(response.headers.has('access-control-allow-methods')).toBe(false)
        expect(response.headers.get('vary')).toBe('origin')
      }
      nobodyIn(stage)
    },
  )

  it('cannot post to a session from a foreign page, even with its secret', async () => {
    const stage = httpStage()
    const { session } = target === '/sse' ? await stage.listen() : await stage.poller()
    const body = { messages: ['{"op":"ping"}'] }
    const headers = { origin: PAGE }
    const response = await stage.ask(`${target}?session=${session}`, { method: 'POST', headers, body })
    expect(response.status).toBe(403)
  })

  it('from a page of the same origin is let in', async () => {
    const { ask } = httpStage()
    const headers = { origin: 'http://host', host: 'host' }
    expect((await ask(target, { method, headers })).status).toBe(200)
    const byForwarded = { origin: 'https://app.example.com', host: 'app.example.com' }
    expect((await ask(target, { method, headers: byForwarded })).status).toBe(200)
  })

  it('without an origin is refused where one is required, unless the browser says it is the same', async () => {
    const stage = httpStage({ requireOrigin: true })
    expect((await stage.ask(target, { method })).status).toBe(403)
    const foreign = { 'sec-fetch-site': 'cross-site' }
    expect((await stage.ask(target, { method, headers: foreign })).status).toBe(403)
    nobodyIn(stage)
    const same = { 'sec-fetch-site': 'same-origin' }
    expect((await stage.ask(target, { method, headers: same })).status).toBe(200)
  })

  it('from an allowed page may be read by it, and by it alone', async () => {
    const { ask } = httpStage({ allowedOrigins: [PAGE] })
    const response = await ask(target, { method, headers: { origin: PAGE } })
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(response.headers.get('vary')).toBe('origin')
    expect(response.headers.has('access-control-allow-credentials')).toBe(false)
  })

  it('from an allowed page has cookies only where they are allowed', async () => {
    const { ask } = httpStage({ allowedOrigins: ['*'], mount: { credentials: true } })
    const response = await ask(target, { method, headers: { origin: PAGE } })
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    const foreign = await httpStage({ mount: { credentials: true } }).ask(target, {
      method,
      headers: { origin: PAGE },
    })
    expect(foreign.headers.has('access-control-allow-credentials')).toBe(false)
  })

  it('from an allowed page can read why it was refused', async () => {
    const { ask } = httpStage({ allowedOrigins: [PAGE], authenticate: () => undefined })
    const response = await ask(target, { method, headers: { origin: PAGE } })
    expect(response.status).toBe(401)
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE)
  })

  it('asks first, and is answered', async () => {
    const stage = httpStage({ allowedOrigins: [PAGE] })
    const headers = { origin: PAGE, 'access-control-request-method': 'POST' }
    const response = await stage.ask(target, { method: 'OPTIONS', headers })
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, cache-control, content-type, last-event-id',
      'access-control-max-age': '7200',
      vary: 'origin',
    })
    nobodyIn(stage)
  })

  it('without a token is refused with 401, and with one let in', async () => {
    const stage = httpStage({
      authenticate: ({ token: said, handshake }) => {
        const token = said ?? cookieOf(handshake, 'token')
        return token === undefined ? undefined : { id: token }
      },
    })
    const refused = await stage.ask(target, { method })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('content-type')).toMatch(/^text\/plain/)
    nobodyIn(stage)
    await stage.ask(`${target}?token=ann`, { method })
    await stage.ask(target, { method, headers: { authorization: 'Bearer ben' } })
    await stage.ask(target, { method, headers: { cookie: 'a=b; token=c%C3%A9cile' } })
    expect(stage.gateway.clients().map(({ user }) => user?.id)).toEqual(['ann', 'ben', 'cécile'])
  })

  it('says nothing of an authentication that failed', async () => {
    const stage = httpStage({ authenticate: () => Promise.reject(new Error('the database is down')) })
    const response = await stage.ask(target, { method })
    expect(response.status).toBe(401)
    expect(await response.text()).not.toMatch(/database/)
    expect(stage.errors).toHaveLength(1)
    nobodyIn(stage)
  })

  it('has the address that the server saw, or that the proxy wrote', async () => {
    const { ask, gateway } = httpStage()
    await ask(target, { method, remoteAddress: '192.0.2.7', headers: { 'x-forwarded-for': '198.51.100.1' } })
    expect(gateway.clients()[0]?.remoteAddress).toBe('192.0.2.7')
    const behind = httpStage({ trustedProxies: 1 })
    const headers = { 'x-forwarded-for': '203.0.113.9, 198.51.100.1' }
    await behind.ask(target, { method, remoteAddress: '192.0.2.7', headers })
    expect(behind.gateway.clients()[0]?.remoteAddress).toBe('198.51.100.1')
  })

  it('goes away in the middle of the handshake, and takes no seat', async () => {
    const stage = httpStage()
    const leaving = new AbortController()
    leaving.abort()
    const response = await stage.ask(target, { method, signal: leaving.signal })
    await response.text()
    await stage.rest()
    // A session for polls has its timeout.
    if (target === '/poll') await stage.pass(30_100)
    expect(stage.adapter.connections).toBe(0)
    nobodyIn(stage)
  })
})

describe('temporary refusals of polls', () => {
  it('have 503 while it is full, and a place when one is free', async () => {
    const stage = httpStage({ maxConnections: 1 })
    const first = await stage.poller()
    const response = await stage.ask('/poll', { method: 'POST' })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(stage.adapter.connections).toBe(1)
    await first.post({ close: { code: 1000, reason: '' } })
    expect((await stage.ask('/poll', { method: 'POST' })).status).toBe(200)
  })

  it('have 429 when there are too many handshakes of one address', async () => {
    const stage = httpStage({ rateLimit: { handshakesPerAddress: { rate: 0.25, burst: 1 } } })
    const from = (remoteAddress: string): Promise<Response> =>
      stage.ask('/poll', { method: 'POST', remoteAddress })
    expect((await from('192.0.2.1')).status).toBe(200)
    const response = await from('192.0.2.1')
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '4'])
    expect((await from('192.0.2.2')).status).toBe(200)
    expect(stage.hub.count()).toBe(2)
  })

  it('have 503 while the gateway drains, and after the adapter was closed', async () => {
    const draining = httpStage()
    await draining.gateway.drain({ within: 0 })
    const response = await draining.ask('/poll', { method: 'POST' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    const closed = httpStage()
    await closed.adapter.close()
    expect((await closed.ask('/poll', { method: 'POST' })).status).toBe(503)
    nobodyIn(closed)
  })
})

describe('temporary refusals of streams', () => {
  it('come as a stream while it is full: an EventSource gives up on anything else', async () => {
    const stage = httpStage({ maxConnections: 1, allowedOrigins: [PAGE] })
    await stage.listen()
    const response = await stage.ask('/sse', { headers: { origin: PAGE } })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(await farewell(response)).toEqual({
      retry: 1_000,
      events: [['close', { code: 4100, reason: 'over-capacity' }]],
    })
    expect([stage.hub.count(), stage.adapter.connections]).toEqual([1, 1])
  })

  it('say when to come back after too many handshakes', async () => {
    const { ask } = httpStage({ rateLimit: { handshakes: { rate: 0.25, burst: 1 } } })
    await ask('/sse')
    expect(await farewell(await ask('/sse'))).toEqual({
      retry: 4_000,
      events: [['close', { code: 4102, reason: 'rate' }]],
    })
  })

  it('say that the server is shutting down', async () => {
    const shutdown = { retry: 1_000, events: [['close', { code: 4200, reason: 'shutdown' }]] }
    const draining = httpStage()
    await draining.gateway.drain({ within: 0 })
    expect(await farewell(await draining.ask('/sse'))).toEqual(shutdown)
    const closed = httpStage()
    await closed.adapter.close()
    expect(await farewell(await closed.ask('/sse'))).toEqual(shutdown)
    nobodyIn(closed)
  })
})

describe.each(TRANSPORTS)('who is admitted to %s by %s while it is closed', (target, method) => {
  it('by the adapter is refused after all', async () => {
    let admit: (user: { id: string }) => void = () => {}
    const user = new Promise<{ id: string }>((resolve) => (admit = resolve))
    const stage = httpStage({ authenticate: () => user })
    const asked = stage.ask(target, { method })
    await stage.rest()
    const closed = stage.adapter.close()
    admit({ id: 'ann' })
    const response = await asked
    expect(response.status).toBe(target === '/poll' ? 503 : 200)
    await response.text()
    await closed
    nobodyIn(stage)
  })
})

describe('who is admitted while the gateway closes', () => {
  async function closedMeanwhile(target: string, method: string): Promise<[HttpStage, Response]> {
    let admit: (user: { id: string }) => void = () => {}
    const user = new Promise<{ id: string }>((resolve) => (admit = resolve))
    const stage = httpStage({ authenticate: () => user })
    const asked = stage.ask(target, { method })
    await stage.rest()
    await stage.hub.close()
    admit({ id: 'ann' })
    return [stage, await asked]
  }

  it('is turned away in the stream', async () => {
    const [stage, response] = await closedMeanwhile('/sse', 'GET')
    const { events } = await farewell(response)
    expect(events.at(-1)).toEqual(['close', { code: 4200, reason: 'shutdown' }])
    nobodyIn(stage)
  })

  it('is turned away by the first poll', async () => {
    const [stage, response] = await closedMeanwhile('/poll', 'POST')
    const { session } = (await response.json()) as { session: string }
    const polled = await stage.ask(`/poll?session=${session}`, { method: 'POST', body: { poll: 0 } })
    expect(await polled.json()).toMatchObject({ n: 1, close: { code: 4200, reason: 'shutdown' } })
    nobodyIn(stage)
  })
})

it('knows which requests are its own', () => {
  const { adapter } = httpStage({ mount: { path: '/live' }, authenticate: byToken })
  const handles = (path: string): boolean => adapter.handles(new Request(`http://host${path}`))
  expect(['/live/sse', '/live/poll/', '/live/a/b/sse?x=/'].map(handles)).toEqual([true, true, true])
  expect(['/live', '/sse', '/live/ssee', '/', '/livesse'].map(handles)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ])
})
