import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Running, serve } from '@fanfare/server'

import { wsPeer } from '../support/ws-peer.ts'

const FOLDER = new URL('../../server/page/', import.meta.url)
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

let demo: Running
let bare: Running
beforeAll(async () => {
  demo = await serve({ port: 0, demo: true, path: '/live' })
  bare = await serve({ port: 0 })
})
afterAll(async () => {
  await demo.close()
  await bare.close()
})

/** Sends a request target as it is; `fetch` would tidy it up first. */
function ask(server: Running, target: string, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: server.port, path: target, method, agent: false },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      },
    )
    asked.once('error', reject).end()
  })
}

describe('/health', () => {
  it('counts clients and channels', async () => {
    const peer = await wsPeer(`ws://127.0.0.1:${String(bare.port)}/ws`)
    const response = await fetch(`${bare.url}/health`)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({ status: 'ok', clients: 1, channels: 0 })
    peer.destroy()
  })

  it('has no body for HEAD, and takes nothing else', async () => {
    expect(await ask(bare, '/health', 'HEAD')).toEqual({ status: 200, body: '' })
    const response = await fetch(`${bare.url}/health`, { method: 'POST', body: 'x' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD')
  })
})

describe('the page', () => {
  it('is every file of its folder but the configuration of the compiler, and says what each is', async () => {
    const names = readdirSync(FOLDER).filter((name) => name !== 'tsconfig.json')
    expect(names).toContain('index.html')
    for (const name of names) {
      const response = await fetch(`${demo.url}/${name === 'index.html' ? '' : name}`)
      expect([name, response.status]).toEqual([name, 200])
      expect(response.headers.get('content-type')).toBe(TYPES[name.split('.').at(-1)!])
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      await response.arrayBuffer()
    }
  })

  it('allows nothing but its own files', async () => {
    const { headers } = await fetch(demo.url)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*|http|data:/)
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('knows where to connect', async () => {
    expect(await (await fetch(`${demo.url}/?room=x`)).text()).toContain('data-path="/live"')
  })

  it('is not sent twice to a browser that has it', async () => {
    const { headers } = await fetch(`${demo.url}/app.js`)
    const again = await fetch(`${demo.url}/app.js`, { headers: { 'if-none-match': headers.get('etag')! } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it('comes with the built client: all that its entry imports, and nothing but scripts', async () => {
    const seen = new Set(['index.js'])
    for (const name of seen) {
      const response = await fetch(`${demo.url}/client/${name}`)
      expect([name, response.status]).toEqual([name, 200])
      expect(response.headers.get('content-type')).toBe(TYPES['js'])
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      for (const [, at = ''] of (await response.text()).matchAll(
        /^(?:import|export)\b[^;]*?from '([^']+)'/gm,
      )) {
        expect(at).toMatch(/^\.\/[\w-]+\.js$/)
        seen.add(at.slice(2))
      }
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(['full-client.js', 'sse-transport.js', 'poll-transport.js']),
    )
  })

  it('is not there without the demo', async () => {
    for (const target of ['/', '/index.html', '/app.js', '/client/index.js']) {
      expect(await ask(bare, target)).toEqual({ status: 404, body: 'not found\n' })
    }
  })
})

describe('everything else', () => {
  it.each([
    '/nothing',
    '/client',
    '/client/',
    '/client/index.js.map',
    '/client/index.d.ts',
    '/client/../app.js',
    '/client/../package.json',
    '/client/..%2f..%2fpackage.json',
    '//',
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/page/../app.js',
    '/./app.js',
    '/app.js/',
    '/app.js%00',
    '/tsconfig.json',
    '/index.html',
    '/etc/passwd',
    '/..\\package.json',
    '*',
    '/__proto__',
    '/constructor',
    'http://127.0.0.1/app.js',
  ])('%s is not found', async (target) => {
    expect(await ask(demo, target)).toEqual({ status: 404, body: 'not found\n' })
  })

  it('says what the path of the clients is for', async () => {
    const response = await fetch(`${demo.url}/live`)
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket'])
  })

  it('an upgrade elsewhere is not found', async () => {
    await expect(wsPeer(`ws://127.0.0.1:${String(demo.port)}/ws`)).rejects.toThrow('404')
  })

  it('a request that never ends is cut', async () => {
    const slow = await serve({ port: 0, handshakeTimeoutMs: 200 })
    const socket = connect(slow.port, '127.0.0.1')
    socket.on('error', () => {}).write('GET /health HTTP/1.1\r\nhost: x\r\n')
    await new Promise((resolve) => socket.once('close', resolve).resume())
    expect(socket.destroyed).toBe(true)
    await slow.close()
  })
})

describe('close', () => {
  it('can be called twice, and answers no more', async () => {
    const server = await serve({ port: 0 })
    await Promise.all([server.close(), server.close()])
    await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed')
  })

  it('a drain shows on connections that are open already', async () => {
    const server = await serve({ port: 0, writeTimeoutMs: 0 })
    await server.hub.close()
    const response = await fetch(`${server.url}/health`)
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'draining', clients: 0, channels: 0 },
    ])
    await server.close()
  })
})
