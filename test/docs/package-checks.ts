import { createServer, type RequestListener } from 'node:http'
import type { FanfareClient } from '@fanfare/client'
import { Gateway, type Hub } from '@fanfare/core'
import type { MemoryConn } from '@fanfare/core/testing'
import type { HttpAdapter } from '@fanfare/http'
import { serve } from '@fanfare/ws'
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'

import { until } from '../support/until.ts'
import type { Check } from './block-checks.ts'
import type { Stage } from './stage.ts'

interface Contracted {
  readonly contract: object
}

/** A server at example.com that keeps to the contract, and the client of the first block, connected to it. */
async function atExample(stage: Stage, other: Parameters<Check>[2]): Promise<[Gateway, FanfareClient]> {
  const { contract } = await stage.load<Contracted>('contract.ts')
  const gateway: Gateway = new Gateway({
    contract,
    directMessages: true,
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
    authorize: ({ credentials }) => credentials === 'signed for presence-room.7',
    presenceData: () => ({ name: 'Ada' }),
  })
  stage.have('fetch', () => Promise.resolve(new Response('ada')))
  const { port } = await serve(gateway, { path: '/ws' })
  stage.answer('example.com', port)
  const { client } = await stage.run<Record<'client', FanfareClient>>(
    other('client/README.md › @fanfare/client'),
  )
  stage.have('client', client)
  return [gateway, client]
}

const client: Record<string, Check> = {
  async 'client/README.md › @fanfare/client'(stage, _block, other) {
    const [gateway, { state }] = await atExample(stage, other)
    expect([state, gateway.toUser('ada')]).toMatchObject(['open', {}])
  },

  async 'client/README.md › Channels'(stage, block, other) {
    const [gateway, made] = await atExample(stage, other)
    const shown: unknown[][] = []
    stage.have('show', (...args: unknown[]) => shown.push(args))
    // Its loop ends with the client.
    const ended = stage.run(block)
    await until(() => gateway.hub.channelCount('orders.7') === 1, 'the subscription')
    gateway.to('orders.7').send('shipped', { tracking: '1Z' })
    await until(() => shown.length > 0, 'the event')
    made.close()
    await ended
    expect(shown).toEqual([['1Z', undefined]])
  },

  async 'client/README.md › Channels 2'(stage, block, other) {
    const [gateway] = await atExample(stage, other)
    const greeted: unknown[][] = []
    stage.have('signFor', (channel: string) => Promise.resolve(`signed for ${channel}`))
    stage.have('greet', (...args: unknown[]) => greeted.push(args))
    const { room } = await stage.run<{ readonly room: { readonly members: unknown } }>(block)
    expect(room.members).toMatchObject([{ id: 'ada', info: { name: 'Ada' } }])
    expect(gateway.hub.channelCount('presence-room.7')).toBe(1)
  },

  async 'client/README.md › Messages'(stage, block, other) {
    const [gateway, made] = await atExample(stage, other)
    const seen: unknown[] = []
    gateway.on('checkout', async (from, { data }) => {
      const { cart } = data as { readonly cart: number }
      return { total: cart === 12 || (await from.ask('confirm', { question: 'really?' })) ? cart * 2 : 0 }
    })
    gateway.on('seen', (_client, { data }) => void seen.push(data))
    const shown: string[] = []
    stage.have('show', (text: string) => shown.push(text))
    stage.have('ask', (question: string) => Promise.resolve(question === 'really?'))
    stage.have('signal', new AbortController().signal)
    stage.have('token', 'ada')
    const { total } = await stage.run<Record<'total', number>>(block)
    gateway.toUser('ada').send('notice', { text: 'again' })
    expect(await made.call('checkout', { cart: 1 })).toEqual({ total: 2 })
    expect([total, seen]).toEqual([24, [{ id: 7 }]])
    expect(shown).toContain('again')
  },
}

const others: Record<string, Check> = {
  async 'core/README.md › @fanfare/core'(stage, block) {
    const { conn, hub } = await stage.run<{ readonly conn: MemoryConn; readonly hub: Hub }>(block)
    await until(() => conn.received.length > 0, 'the end of the turn')
    expect(conn.received).toEqual(['{"shipped":7}'])
    expect(hub.channelCount('orders')).toBe(1)
  },

  async 'adapters/ws/README.md › On a server of its own'(stage, block) {
    await stage.run(block)
    expect(stage.printed).toEqual([[`ws://127.0.0.1:${String(await stage.port(6_001))}/live`]])
  },

  async 'adapters/ws/README.md › On a server you have'(stage, block) {
    const app: RequestListener = (_request, response) => response.end('the app')
    stage.have('gateway', new Gateway())
    stage.have('app', app)
    await stage.run(block)
    await stage.port(3_000)
    expect(await (await fetch('http://127.0.0.1:3000/')).text()).toBe('the app')
  },

  async 'adapters/ws/README.md › Compression'(stage, block) {
    const server = createServer()
    stage.have('gateway', new Gateway())
    stage.have('server', server)
    stage.have('isLocal', (address?: string) => address === '127.0.0.1')
    await stage.run(block)
    expect(server.listenerCount('upgrade')).toBeGreaterThan(0)
  },

  async 'adapters/fastify/README.md › @fanfare/fastify 2'(stage, block) {
    const { app } = await stage.run<{ readonly app: FastifyInstance }>(block)
    const { status } = await fetch(`http://127.0.0.1:${String(await stage.port(6_001))}/elsewhere`)
    expect(status).toBe(404)
    await app.close()
  },

  async 'adapters/http/README.md › @fanfare/http 2'(stage, block) {
    const { http } = await stage.run<{ readonly http: HttpAdapter }>(block)
    const handled = ['/live/sse', '/live/poll', '/live'].map((path) =>
      http.handles(new Request(`http://127.0.0.1${path}`)),
    )
    expect(handled).toEqual([true, true, false])
    await http.close()
  },
}

/** Of the pages of the packages, by the name of the block. */
export const PACKAGE_CHECKS: Readonly<Record<string, Check>> = { ...client, ...others }
