import { fileURLToPath } from 'node:url'

import { FanfareClient } from '@fanfare/client'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

import { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { wsPeer } from '../support/ws-peer.ts'
import { fanfare, startServer, stopAll } from './fanfare.ts'

afterEach(stopAll)

const BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))
const environment = { PATH: `${BIN}:${process.env['PATH'] ?? ''}` }

async function memberOf(url: string, mode: 'websocket' | 'sse' | 'poll'): Promise<string[]> {
  const client = new FanfareClient(`${url.replace('http:', 'ws:')}/ws`, { mode, WebSocket })
  onTestFinished(() => client.close())
  const heard: string[] = []
  client.channel('news').on('greeting', (data) => void heard.push(String(data)))
  void client.connect()
  await until(() => client.channel('news').state === 'subscribed', `${mode} to be subscribed`)
  return heard
}

describe.each(['ws', 'bun', 'fastify'])('fanfare serve --adapter %s', (adapter) => {
  it('serves the site, and clients of every transport', async () => {
    const server = await startServer(['--adapter', adapter, '--demo'], { environment })
    const health = await fetch(`${server.url}/health`)
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok', clients: 0, channels: 0 }])
    const page = await fetch(server.url)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const etag = page.headers.get('etag') ?? ''
    expect((await fetch(server.url, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await fetch(`${server.url}/ws`)).status).toBe(426)
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404)
    expect((await fetch(server.url, { method: 'DELETE' })).status).toBe(405)
    for (const mode of ['websocket', 'sse', 'poll'] as const) await memberOf(server.url, mode)
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ clients: 3, channels: 1 })
    expect((await fetch(`${server.url}/sse`, { method: 'DELETE' })).status).toBe(405)
    expect(server.err).toBe('')
  })

  it('ends when it is told to, with a goodbye', async () => {
    const server = await startServer(['--adapter', adapter], { environment })
    const peer = await wsPeer(`${server.url.replace('http:', 'ws:')}/ws`)
    onTestFinished(() => peer.destroy())
    server.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
  })

  it('tells nothing of itself to nonsense, and logs nothing of it', async () => {
    const server = await startServer(['--adapter', adapter], { environment })
    const heads = ['[', 'a b', 'x:99999999'].map(
      (host) => `GET /ws?token=secret HTTP/1.1\r\nhost: ${host}\r\n`,
    )
    for (const head of [...heads, 'GET http://[/?token=secret HTTP/1.1\r\nhost: x\r\n']) {
      for (const upgrade of ['', 'connection: upgrade\r\nupgrade: websocket\r\n']) {
        const peer = await RawPeer.open(server.port)
        peer.send(`${head}${upgrade}\r\n`)
        await peer.answered()
        expect(peer.status === 0 || peer.status >= 400).toBe(true)
        expect(peer.body.toString()).not.toMatch(/secret|\.ts|\.js/)
      }
    }
    expect(server.err).toBe('')
  })

  it.each(['/', '/health', '/ws/nothing', '/nothing'])(
    'refuses an upgrade to %s, and lets go',
    async (path) => {
      const server = await startServer(['--adapter', adapter, '--handshake-timeout', '1m'], { environment })
      const peer = await RawPeer.ask(server.port, path)
      await peer.over()
      expect(peer.status).toBe(404)
      const other = await RawPeer.ask(server.port, path, { upgrade: 'h2c' })
      await other.answered()
      expect(other.status).toBeGreaterThanOrEqual(200)
      server.kill('SIGTERM')
      expect(await server.ended).toBe(0)
    },
  )

  it('says in one line why it cannot listen', async () => {
    const { port } = await startServer(['--adapter', adapter], { environment })
    const second = fanfare(['serve', '--adapter', adapter, '--port', String(port)], { environment })
    expect(await second.ended).toBe(1)
    expect(second.err).toBe(
      `fanfare: cannot listen on 127.0.0.1:${String(port)}: something else listens there\n`,
    )
  })
})

describe('--adapter bun', () => {
  it('says so when there is no Bun', async () => {
    const server = fanfare(['serve', '--adapter', 'bun'], { environment: { PATH: '/nonexistent' } })
    expect(await server.ended).toBe(1)
    expect(server.err).toMatch(/^fanfare: --adapter bun needs Bun, and there is no command bun: .*\n$/)
  })
})
