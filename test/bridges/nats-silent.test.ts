import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { nats } from '@fanfare/nats'
import { expect, it, onTestFinished } from 'vitest'

import { until } from '../support/until.ts'

// A server that takes connections and says nothing must not cost a socket with every attempt.

it.each([
  ['plain', {}],
  ['TLS after the first words', { tls: {} }],
  ['TLS from the first byte', { tls: { handshakeFirst: true } }],
])(
  'no socket is left behind by attempts that are given up: %s',
  { timeout: 60_000 },
  async (_how, options) => {
    const open = new Set<Socket>()
    let most = 0
    let came = 0
    const server = createServer({ allowHalfOpen: false }, (socket) => {
      came++
      open.add(socket)
      most = Math.max(most, open.size)
      socket.on('error', () => {})
      socket.on('close', () => open.delete(socket))
      socket.resume()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const driver = nats({
      servers: `127.0.0.1:${String(port)}`,
      options,
      connectTimeoutMs: 300,
      reconnectDelayMs: 50,
      logger: () => {},
    })
    await until(() => came >= 30, 'thirty attempts')
    // Ten at most are under way at a time.
    expect(most).toBeLessThan(20)
    await driver.close()
    await sleep(500)
    expect(open.size).toBe(0)
  },
)
