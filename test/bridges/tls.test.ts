import { readFileSync } from 'node:fs'

import type { BusDriver } from '@fanfare/broadcasting/driver'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { freePort } from '../support/free-port.ts'
import { NatsServer } from '../support/nats-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { CERTIFICATE_FILE, KEY_FILE } from '../support/tls-certificate/index.ts'
import { until } from '../support/until.ts'

const ca = readFileSync(CERTIFICATE_FILE)

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function kept(driver: BusDriver): BusDriver {
  ends.push(() => driver.close())
  return driver
}

/** What comes back of what is published. */
async function echo(driver: BusDriver): Promise<unknown[]> {
  const heard: unknown[] = []
  await driver.subscribe('orders', ({ payload }) => void heard.push(payload))
  await driver.publish({ channel: 'orders', payload: 'over TLS' })
  await until(() => heard.length > 0, 'what was published')
  return heard
}

/** How often it was connected, once it has said that it cannot be. */
async function connects(driver: BusDriver): Promise<number> {
  await until(() => driver.status() === 'degraded', 'the driver to find no server')
  return driver.stats().connects
}

/** What a logger was told of errors. */
function listening(): { said: unknown[]; logger: (message: string, details: object) => void } {
  const said: unknown[] = []
  return { said, logger: (_message, details) => void said.push((details as { error?: unknown }).error) }
}

describe('redis over TLS', () => {
  let url: string
  beforeEach(async () => {
    const port = await freePort()
    const tls = ['--tls-port', String(port), '--tls-auth-clients', 'no']
    const files = ['--tls-cert-file', CERTIFICATE_FILE, '--tls-key-file', KEY_FILE]
    const server = await RedisServer.start({
      args: [...tls, ...files, '--tls-ca-cert-file', CERTIFICATE_FILE],
    })
    ends.push(() => server.stop())
    url = `rediss://127.0.0.1:${String(port)}`
  })

  it('carries what is published, with the authority among the options', async () => {
    expect(await echo(kept(redis({ url, options: { tls: { ca } } })))).toEqual(['over TLS'])
  })

  it('is no connection to a server that nobody vouches for', async () => {
    const { said, logger } = listening()
    expect(await connects(kept(redis({ url, logger })))).toBe(0)
    expect(said.map(String).join()).toMatch(/certificate/i)
  })
})

describe('nats over TLS', () => {
  let address: string
  beforeEach(async () => {
    const server = await NatsServer.start({
      args: ['--tls', '--tlscert', CERTIFICATE_FILE, '--tlskey', KEY_FILE],
    })
    ends.push(() => server.stop())
    address = `127.0.0.1:${String(server.port)}`
  })

  it('carries what is published, with the authority among the options', async () => {
    const driver = kept(nats({ servers: `tls://${address}`, options: { tls: { ca: ca.toString() } } }))
    expect(await echo(driver)).toEqual(['over TLS'])
  })

  it('is no connection to a server that nobody vouches for', async () => {
    const { said, logger } = listening()
    expect(await connects(kept(nats({ servers: `tls://${address}`, logger })))).toBe(0)
    expect(said.map(String).join()).toMatch(/certificate/i)
  })
})

it('tls:// is no connection to a NATS server without TLS', async () => {
  const server = await NatsServer.start()
  ends.push(() => server.stop())
  const { logger } = listening()
  const driver = kept(nats({ servers: `tls://127.0.0.1:${String(server.port)}`, logger }))
  expect(await connects(driver)).toBe(0)
})
