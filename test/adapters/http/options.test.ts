import { createServer } from 'node:http'

import { Gateway, OptionError } from '@fanfare/core'
import { httpAdapter, type HttpAdapterOptions } from '@fanfare/http'
import { serve } from '@fanfare/http/node'
import { describe, expect, it } from 'vitest'

import { listening } from '../../support/live-gateway.ts'

const WRONG: readonly [string, unknown, RegExp][] = [
  ['path', 'live', /path.*begins with '\/'/],
  ['path', '', /path/],
  ['path', '/live?x', /path/],
  ['path', '/live#x', /path/],
  ['path', 7, /path/],
  ['path', null, /path/],
  ['pollTimeMs', -1, /pollTimeMs.*a whole number from 0 to 60000/],
  ['pollTimeMs', 60_001, /pollTimeMs/],
  ['pollTimeMs', 0.5, /pollTimeMs/],
  ['pollTimeMs', NaN, /pollTimeMs/],
  ['pollTimeMs', '500', /pollTimeMs/],
  ['sessionTimeoutMs', 999, /sessionTimeoutMs.*a whole number from 1000 to 3600000/],
  ['sessionTimeoutMs', 3_600_001, /sessionTimeoutMs/],
  ['sessionTimeoutMs', Infinity, /sessionTimeoutMs/],
  ['sessionTimeoutMs', null, /sessionTimeoutMs/],
  ['credentials', 'include', /credentials.*true or false/],
  ['credentials', 1, /credentials/],
  ['pollTime', 500, /path, pollTimeMs, sessionTimeoutMs, credentials.*pollTime/],
]

const wrong = (name: string, value: unknown): HttpAdapterOptions => ({ [name]: value })

describe('the option', () => {
  it.each(WRONG)('%s may not be %j', async (name, value, says) => {
    const gateway = new Gateway()
    expect(() => httpAdapter(gateway, wrong(name, value))).toThrow(OptionError)
    expect(() => httpAdapter(gateway, wrong(name, value))).toThrow(says)
    const served = serve(gateway, wrong(name, value))
    await expect(served).rejects.toThrow(OptionError)
    await expect(served).rejects.toThrow(name)
  })

  it.each([
    ['port', -1],
    ['port', 65_536],
    ['port', '80'],
    ['host', ''],
    ['host', 7],
    ['ports', 80],
  ])('%s of serve may not be %j', async (name, value) => {
    const served = serve(new Gateway(), wrong(name, value))
    await expect(served).rejects.toThrow(OptionError)
    await expect(served).rejects.toThrow(name)
  })

  it.each<HttpAdapterOptions>([
    {},
    { path: '/' },
    { path: '/live/' },
    { pollTimeMs: 0, sessionTimeoutMs: 1_000 },
    { pollTimeMs: 60_000, sessionTimeoutMs: 3_600_000, credentials: true },
    { path: undefined, pollTimeMs: undefined, sessionTimeoutMs: undefined, credentials: undefined },
  ])('values %j are right', (options) => {
    expect(() => httpAdapter(new Gateway(), options)).not.toThrow()
  })
})

describe('serve', () => {
  it('listens where it is told, and says where that is', async () => {
    const served = await serve(new Gateway(), { host: '127.0.0.1', path: '/live' })
    expect(served.port).toBeGreaterThan(0)
    expect(served.host).toBe('127.0.0.1')
    expect(served.url).toBe(`http://127.0.0.1:${String(served.port)}/live`)
    const response = await fetch(`${served.url}/poll`, { method: 'POST' })
    expect(response.status).toBe(200)
    expect(served.connections).toBe(1)
    const elsewhere = await fetch(`http://127.0.0.1:${String(served.port)}/poll`, { method: 'POST' })
    expect(elsewhere.status).toBe(404)
    const { session } = (await response.json()) as { session: string }
    const body = JSON.stringify({ close: {} })
    await fetch(`${served.url}/poll?session=${session}`, { method: 'POST', body })
    await served.close()
    await expect(fetch(`${served.url}/poll`, { method: 'POST' })).rejects.toThrow('fetch failed')
  })

  it('rejects when the port is taken', async () => {
    const port = await listening(createServer())
    await expect(serve(new Gateway(), { port })).rejects.toThrow('EADDRINUSE')
  })
})
