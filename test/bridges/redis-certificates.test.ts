import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { redis } from '@fanfare/redis'
import { describe, expect, it, onTestFinished } from 'vitest'

import { freePort } from '../support/free-port.ts'
import { RedisServer } from '../support/redis-server.ts'
import { CERTIFICATE_FILE, KEY_FILE } from '../support/tls-certificate/index.ts'
import { until } from '../support/until.ts'

// A certificate that is not accepted is a server that cannot be reached: no more, no less.

const root = fileURLToPath(new URL('../../', import.meta.url))
const script = fileURLToPath(new URL('../support/redis-drivers.mjs', import.meta.url))
const ca = readFileSync(CERTIFICATE_FILE, 'utf8')

async function secureServer(port: number): Promise<RedisServer> {
  const server = await RedisServer.start({
    args: [
      ...['--tls-port', String(port), '--tls-auth-clients', 'no', '--tls-ca-cert-file', CERTIFICATE_FILE],
      ...['--tls-cert-file', CERTIFICATE_FILE, '--tls-key-file', KEY_FILE],
    ],
  })
  onTestFinished(() => server.stop())
  return server
}

describe('a certificate of Redis that is not accepted', () => {
  it.each([
    ['an unknown authority', {}, /certificate/],
    ['another name', { ca, servername: 'other.example' }, /altnames/],
  ])('ends no process: %s', { timeout: 60_000 }, async (_what, tls, reason) => {
    const port = await freePort()
    await secureServer(port)
    const args = [script, `rediss://127.0.0.1:${String(port)}`, JSON.stringify(tls), '20', '4000']
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root })
    expect(stderr).toBe('')
    expect(stdout).toMatch(reason)
  })

  it('is lost, and back with a good one, when the server is restarted', { timeout: 60_000 }, async () => {
    const port = await freePort()
    const server = await secureServer(port)
    const said: string[] = []
    const driver = redis({
      url: `rediss://127.0.0.1:${String(port)}`,
      options: { tls: { ca } },
      reconnectDelayMs: 20,
      logger: (_message, { error }) => void said.push(String(error)),
    })
    onTestFinished(() => driver.close())
    await until(() => driver.status() === 'up', 'the bus')
    await server.command('CONFIG', 'SET', 'tls-port', '0')
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await until(() => driver.status() === 'degraded', 'the loss')
    await server.command('CONFIG', 'SET', 'tls-port', String(port))
    await until(() => driver.status() === 'up', 'the bus again')
    expect(driver.stats().connects).toBe(2)
  })
})
