import { once } from 'node:events'
import { type AddressInfo, createServer, Server as NetServer, type Server as Listener } from 'node:net'

import { serve } from '@fanfare/server'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

import { defaultSettings, readSettings } from '../../server/src/config/settings.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'
import { wsPeer } from '../support/ws-peer.ts'
import { fanfare, type Server, startServer, stopAll } from './fanfare.ts'

// What `fanfare serve` was told beside where and how to listen.

afterEach(stopAll)

type Connected = Awaited<ReturnType<typeof wsPeer>>

async function connect({ port }: Pick<Server, 'port'>): Promise<Connected> {
  const peer = await wsPeer(`ws://127.0.0.1:${String(port)}/ws`)
  onTestFinished(() => peer.destroy())
  return peer
}

async function portOf(listener: Listener, port = 0): Promise<number> {
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  return (listener.address() as AddressInfo).port
}

function messages({ received }: Connected): Record<string, unknown>[] {
  return received.map((text) => JSON.parse(String(text)) as Record<string, unknown>)
}

describe('--memory', () => {
  it('is what the budgets of the node are parts of', async () => {
    const running = await serve({ port: 0, memoryBytes: 80 * 2 ** 20 })
    onTestFinished(() => running.close())
    const { inbound, outbound, state } = running.hub.budgets
    expect([inbound.limit, outbound.limit, state.limit]).toEqual([10 * 2 ** 20, 16 * 2 ** 20, 16 * 2 ** 20])
  })
})

describe('--protocol', () => {
  it.each(['type', 'event'])('velocity-%s greets and is spoken', async (key) => {
    const server = await startServer(['--protocol', `velocity-${key}`])
    expect(server.out).toBe(`fanfare listening on ${server.url} (velocity-${key} at /ws)\n`)
    const peer = await connect(server)
    await until(() => peer.received.length === 1, 'the welcome')
    const welcome = { client_id: expect.any(String) as string, message: 'connected', version: '1.0.0' }
    expect(messages(peer)).toEqual([{ [key]: 'welcome', data: { id: welcome.client_id, ...welcome } }])
    peer.send(JSON.stringify({ [key]: 'subscribe', data: { channel: 'orders' } }))
    await until(() => peer.received.length === 2, 'the answer to the subscribe')
    expect(messages(peer)[1]).toEqual({ [key]: 'subscription_succeeded', data: { channel: 'orders' } })
  })
})

describe('--rate-limit and --rate-burst', () => {
  it('refuse what is too much with `rate`, and when to try again', async () => {
    const server = await startServer(['--rate-limit', '1', '--rate-burst', '2'])
    const peer = await connect(server)
    for (const id of [1, 2, 3]) peer.send(JSON.stringify({ op: 'ping', id }))
    await until(() => peer.received.length === 4, 'the answers')
    const [, ...answers] = messages(peer)
    expect(answers.slice(0, 2)).toEqual([1, 2].map((id) => ({ op: 'pong', id })))
    expect(answers[2]).toMatchObject({ op: 'err', id: 3, code: 'rate' })
    const { after } = answers[2] as { after: number }
    expect(after).toBeGreaterThan(0)
    expect(after).toBeLessThanOrEqual(1_000)
    expect(peer.ended).toBeUndefined()
  })

  it('0 is no limit', async () => {
    const server = await startServer(['--rate-limit', '0', '--rate-burst', '1'])
    const peer = await connect(server)
    for (let id = 1; id <= 300; id++) peer.send(JSON.stringify({ op: 'ping', id }))
    await until(() => peer.received.length === 301, 'all answers')
    expect(messages(peer).at(-1)).toEqual({ op: 'pong', id: 300 })
  })
})

describe('--drain', () => {
  it('says goodbye to one client after the other, and exits 0', async () => {
    const server = await startServer(['--drain', '1s'])
    const peers: Connected[] = []
    for (let count = 0; count < 4; count++) peers.push(await connect(server))
    await until(() => peers.every(({ received }) => received.length === 1), 'the greetings')
    const ends: number[] = []
    for (const { ws } of peers) ws.on('close', () => ends.push(performance.now()))
    const began = performance.now()
    server.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    await until(() => ends.length === peers.length, 'the ends')
    for (const peer of peers) {
      expect(peer.received.at(-1)).toBe('{"op":"bye","code":"shutdown","retry":true}')
      expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
    }
    // The goodbyes are due at 0, 250, 500 and 750 ms.
    expect(ends.at(-1)! - ends[0]!).toBeGreaterThan(500)
    expect(performance.now() - began).toBeLessThan(8_000)
    expect(server.err).toBe('')
  })

  it('takes nobody any more meanwhile', async () => {
    const server = await startServer(['--drain', '1s'])
    const [first, last] = [await connect(server), await connect(server)]
    server.kill('SIGTERM')
    await until(() => first.ended, 'the first goodbye')
    expect(last.ended).toBeUndefined()
    await expect(connect(server)).rejects.toThrow('503')
    const health = await fetch(`${server.url}/health`)
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'draining' }])
    expect(await server.ended).toBe(0)
  })

  it('ends at once when nobody is connected', async () => {
    const server = await startServer(['--drain', '15s'])
    server.kill('SIGTERM')
    const began = performance.now()
    expect(await server.ended).toBe(0)
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

describe('--metrics-port', () => {
  it('serves /metrics for Prometheus, and nothing else', async () => {
    const metricsPort = await freePort()
    const server = await startServer(['--metrics-port', String(metricsPort)])
    await connect(server)
    const at = `http://127.0.0.1:${String(metricsPort)}`
    const response = await fetch(`${at}/metrics`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.text()).toMatch(/^fanfare_clients 1$/m)
    for (const path of ['/', '/health', '/ws', '/metrics/', '/metrics/x']) {
      expect([path, (await fetch(at + path)).status]).toEqual([path, 404])
    }
    expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(404)
    await expect(wsPeer(`ws://127.0.0.1:${String(metricsPort)}/ws`)).rejects.toThrow('404')
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
  })

  it('is for this machine alone, wherever the clients come from', async () => {
    const metricsPort = await freePort()
    await startServer(['--host', '0.0.0.0', '--metrics-port', String(metricsPort)])
    // Another address of this machine: whoever listens on all of them answers there too.
    await expect(fetch(`http://127.0.0.2:${String(metricsPort)}/metrics`)).rejects.toThrow('fetch failed')
    expect((await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).status).toBe(200)
  })

  it('serves until the last client is gone', async () => {
    const metricsPort = await freePort()
    const server = await startServer(['--drain', '1s', '--metrics-port', String(metricsPort)])
    const [first, last] = [await connect(server), await connect(server)]
    server.kill('SIGTERM')
    await until(() => first.ended, 'the first goodbye')
    expect(await (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text()).toContain(
      'fanfare_clients 1\n',
    )
    expect(last.ended).toBeUndefined()
    expect(await server.ended).toBe(0)
    expect(server.err).toBe('')
  })

  it('that is taken is one clear line and exit 1', async () => {
    const other = createServer()
    const taken = await portOf(other)
    onTestFinished(() => void other.close())
    const process = fanfare(['serve', '--port', '0', '--metrics-port', String(taken)])
    expect(await process.ended).toBe(1)
    expect(process.err).toBe(
      `fanfare: cannot listen on 127.0.0.1:${String(taken)} for --metrics-port: something else listens there\n`,
    )
    expect(process.out).toBe('')
  })

  it('leaves the sentence about a taken port of the clients alone', async () => {
    const other = createServer()
    const [taken, metricsPort] = [await portOf(other), await freePort()]
    onTestFinished(() => void other.close())
    const process = fanfare(['serve', '--port', String(taken), '--metrics-port', String(metricsPort)])
    expect(await process.ended).toBe(1)
    expect(process.err).toBe(
      `fanfare: cannot listen on 127.0.0.1:${String(taken)}: something else listens there\n`,
    )
  })

  it('is another one than that of the clients', () => {
    const flags = new Map([
      ['port', '7000'],
      ['metrics-port', '7000'],
    ])
    expect(() => readSettings({ flags, environment: {}, directory: '/nowhere' })).toThrow(
      '--metrics-port takes another port than --port',
    )
    expect(defaultSettings().metricsPort).toBe(0)
  })

  it('survives what fails there later, such as too many open files, and says so', async () => {
    const metricsPort = await freePort()
    const listen = vi.spyOn(NetServer.prototype, 'listen')
    onTestFinished(() => listen.mockRestore())
    const reported: unknown[] = []
    const server = await serve({ port: 0, metricsPort }, ({ error }) => reported.push(error))
    const failing = new Error('EMFILE')
    for (const listener of listen.mock.contexts as NetServer[]) {
      listener.emit('error', failing)
      listener.emit('error', failing)
    }
    await server.close()
    expect(reported).toEqual([failing, failing, failing, failing])
  })
})
