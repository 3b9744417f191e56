import { setTimeout as sleep } from 'node:timers/promises'

import { type Channel, FanfareClient } from '@fanfare/client'
import { type Authorizer, Gateway, Hub, type HubOptions } from '@fanfare/core'
import { serve as serveHttp } from '@fanfare/http/node'
import { serve } from '@fanfare/ws'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

import { until } from '../support/until.ts'

// Whoever comes back with many channels asks for all of them at once, and a server lets so many wait at a time.

async function world(
  hubOptions: HubOptions,
  { many, transport }: { readonly many: number; readonly transport: 'websocket' | 'poll' | 'sse' },
) {
  const hub = new Hub(hubOptions)
  const gateway = new Gateway({ hub })
  const served: { url: string; close(): Promise<void> } = await (transport === 'websocket'
    ? serve(gateway, { port: 0 })
    : serveHttp(gateway, { port: 0 }))
  const client = new FanfareClient(served.url, {
    WebSocket,
    mode: transport,
    backoff: { baseMs: 5, maxMs: 50 },
  })
  onTestFinished(async () => {
    client.close()
    await served.close()
    await hub.close()
  })
  const errors: string[] = []
  client.on('error', ({ code }) => errors.push(code))
  const channels: Channel[] = Array.from({ length: many }, (_, at) =>
    client.channel(`${at % 2 ? 'private' : 'presence'}-${String(at)}`),
  )
  const subscribed = (): number => channels.filter(({ state }) => state === 'subscribed').length
  return { hub, gateway, client, channels, errors, subscribed }
}

const slowly: Authorizer = () => sleep(50, true)
const atOnce: Authorizer = () => true

describe('a client with many private and presence channels', () => {
  it.each([
    ['websocket', 60, atOnce],
    ['websocket', 128, slowly],
    ['sse', 60, slowly],
    ['poll', 60, slowly],
  ] as const)(
    'has all of them, and has them back, over %s (%i channels)',
    { timeout: 60_000 },
    async (transport, many, authorizer): Promise<void> => {
      const { hub, client, channels, errors, subscribed } = await world({ authorizer }, { many, transport })
      await client.connect()
      await Promise.all(channels.map((channel) => channel.subscribe()))
      for (const one of hub.clients()) one.close('shutdown')
      await until(() => client.state !== 'open', 'the end of the connection')
      await until(() => subscribed() === many, 'all channels again')
      expect(errors).toEqual([])
      expect(hub.stats().subscriptions).toBe(many)
    },
  )

  it('has them at a server that lets fewer wait than it asks for at once', { timeout: 60_000 }, async () => {
    const authorization = { pendingPerClient: 3, timeoutMs: 5_000, concurrent: 64 }
    const options = { authorizer: slowly, authorization }
    const { client, channels, subscribed } = await world(options, { many: 30, transport: 'websocket' })
    await client.connect()
    for (const channel of channels) void channel.subscribe()
    await until(() => subscribed() === 30, 'all channels')
    expect(client.state).toBe('open')
  })

  it('is refused for good where it is no matter of time', async () => {
    const options = { authorizer: () => true, maxChannelsPerClient: 3 }
    const { client, channels } = await world(options, { many: 4, transport: 'websocket' })
    await client.connect()
    for (const channel of channels.slice(0, 3)) await channel.subscribe()
    await expect(channels[3]?.subscribe()).rejects.toMatchObject({ code: 'limit', afterMs: undefined })
  })
})
