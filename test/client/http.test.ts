import { type ClientOptions, FanfareClient, type FetchLike, poll, sse } from '@fanfare/client'
import { Gateway, type GatewayClient, type GatewayOptions, Hub } from '@fanfare/core'
import { serve, type Served, type ServeOptions } from '@fanfare/http/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

import { until } from '../support/until.ts'

interface Server extends Served {
  readonly hub: Hub
  readonly clients: GatewayClient[]
  readonly ends: unknown[]
}

async function server(
  options: ServeOptions = {},
  gatewayOptions: Omit<GatewayOptions, 'hub'> = {},
): Promise<Server> {
  const hub = new Hub({
    authorizer: ({ credentials }) => ({ allowed: true, member: { id: String(credentials), info: {} } }),
  })
  const gateway = new Gateway({ hub, ...gatewayOptions })
  const clients: GatewayClient[] = []
  const ends: unknown[] = []
  gateway.onConnect((client) => void clients.push(client))
  hub.on('disconnect', ({ why, code }) => ends.push([why, code]))
  gateway.on('echo', (_client, { data }) => data)
  const served = await serve(gateway, { port: 0, pollTimeMs: 5, path: '/live', ...options })
  onTestFinished(async () => {
    // A goodbye that is on its way would find nobody who listens, and the server wait for who is gone.
    await until(() => served.connections === 0, 'the goodbyes')
    await served.close()
    await hub.close()
  })
  return Object.assign(served, { hub, clients, ends })
}

function clientOf(url: string, options: ClientOptions = {}): FanfareClient {
  const client = new FanfareClient(url, { backoff: { baseMs: 5, maxMs: 50 }, WebSocket, ...options })
  onTestFinished(() => client.close())
  return client
}

describe.each(['sse', 'poll'] as const)('against a real server, by %s', (mode) => {
  const ready = async (
    more: ClientOptions = {},
    options?: ServeOptions,
    gateway?: Omit<GatewayOptions, 'hub'>,
  ) => {
    const served = await server(options, gateway)
    const client = clientOf(served.url, { mode, ...more })
    await client.connect()
    return Object.assign(served, { client })
  }

  it('calls, and gets back what it said, whatever is in it', async () => {
    const { client } = await ready()
    const data = ['a\nb\r\nc\rd', '\u2028é👋\u0000', { deep: [1, null] }, 'x'.repeat(200_000)]
    expect(await client.call('echo', data)).toEqual(data)
    const many = Array.from({ length: 50 }, (_, at) => at)
    expect(await Promise.all(many.map((each) => client.call('echo', each)))).toEqual(many)
  })

  it('gets what is published, in order', async () => {
    const { client, hub } = await ready()
    const got: unknown[] = []
    client.channel('orders').on('shipped', (data) => got.push(data))
    await client.channel('orders').subscribe()
    for (let at = 0; at < 100; at++)
      await hub.publish({ channel: 'orders', event: 'shipped', data: String(at) })
    await until(() => got.length === 100, '100 events')
    expect(got).toEqual(Array.from({ length: 100 }, (_, at) => at))
  })

  it('says goodbye, after what it had still to say', async () => {
    const { client, ends } = await ready()
    client.notify('echo', 1)
    client.close()
    await until(() => ends.length === 1, 'the end')
    expect(ends).toEqual([['closed', 1000]])
  })

  it('comes back when it is told to, and subscribes again', async () => {
    const { client, clients, hub } = await ready()
    await client.channel('orders').subscribe()
    clients[0]!.close('shutdown')
    await until(() => clients.length === 2 && hub.channelCount('orders') === 1, 'the client to come back')
    expect(client.state).toBe('open')
  })

  it.each([
    ['terminated', 'terminated'],
    ['closed', 'closed'],
  ] as const)('stays away when it is told to: %s', async (why, code) => {
    const { client, clients } = await ready()
    const errors: string[] = []
    client.on('error', (error) => errors.push(error.code))
    clients[0]!.close(why)
    await until(() => client.state === 'closed', 'the end')
    expect(errors).toEqual([code])
  })

  it('learns that its token is not good enough', async () => {
    const served = await server(
      {},
      { authenticate: ({ token }) => (token === 'good' ? { id: 'ada' } : undefined) },
    )
    await expect(clientOf(served.url, { mode, token: 'bad' }).connect()).rejects.toMatchObject({
      code: 'unauthorized',
    })
    let asked = 0
    const client = clientOf(served.url, { mode, getToken: () => (++asked < 3 ? 'bad' : 'good') })
    await client.connect()
    expect([served.clients[0]?.user?.id, asked]).toEqual(['ada', 3])
  })

  it('learns that nothing is served there', async () => {
    const served = await server()
    const wrong = clientOf(served.url.replace('/live', '/wrong'), { mode })
    await expect(wrong.connect()).rejects.toMatchObject({ code: 'not-found' })
  })

  it('shows its token in a message', async () => {
    const { client } = await ready(
      { token: 'good', tokenIn: 'first-message' },
      {},
      {
        authenticateAt: 'message',
        authenticate: ({ token }) => (token === 'good' ? { id: 'ada' } : undefined),
      },
    )
    expect(client.user).toBe('ada')
  })
})

/** A fetch whose last request can be cut. */
function scissors(): { readonly fetch: FetchLike; cut(): void } {
  let last = new AbortController()
  const fetch: FetchLike = (url, init) => {
    last = new AbortController()
    const signal = AbortSignal.any([last.signal, init.signal as AbortSignal])
    return globalThis.fetch(url, { ...init, signal })
  }
  return { fetch, cut: () => last.abort() }
}

describe('when a request is cut', () => {
  it('a stream takes its session along, and another one follows', async () => {
    const { url, clients } = await server()
    const { fetch, cut } = scissors()
    const client = clientOf(url, { transports: [sse({ fetch })] })
    await client.connect()
    const first = client.id
    cut()
    await until(() => clients.length === 2 && client.state === 'open', 'another connection')
    expect(client.id).not.toBe(first)
  })

  it('a poll is repeated, and nothing is lost', async () => {
    const { url, clients } = await server()
    const { fetch, cut } = scissors()
    const client = clientOf(url, { transports: [poll({ fetch })] })
    await client.connect()
    const heard: unknown[] = []
    client.onDirect('news', (data) => heard.push(data))
    cut()
    clients[0]!.send('news', 1)
    await until(() => heard.length > 0, 'the news')
    expect([heard, clients.length, client.state]).toEqual([[1], 1, 'open'])
  })
})

describe('where WebSocket is not served', () => {
  it('server-sent events take its place', async () => {
    const served = await server()
    const client = clientOf(served.url)
    await client.connect()
    expect(await client.call('echo', 1)).toBe(1)
    expect(client.state).toBe('open')
  })
})
