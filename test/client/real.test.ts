import { FanfareClient } from '@fanfare/client'
import { ClientError, Gateway, Hub } from '@fanfare/core'
import { serve, type Served } from '@fanfare/ws'
import { onTestFinished, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

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

function clientOf(url: string, options: object = {}): FanfareClient {
  const client = new FanfareClient(url, { WebSocket, backoff: { baseMs: 5, maxMs: 50 }, ...options })
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
