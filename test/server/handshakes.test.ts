import { fileURLToPath } from 'node:url'

import { afterEach, describe, expect, it, onTestFinished } from 'vitest'

import { RawPeer, upgradeRequest } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { wsPeer } from '../support/ws-peer.ts'
import { startServer, stopAll } from './fanfare.ts'

afterEach(stopAll)

const BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))
const environment = { PATH: `${BIN}:${process.env['PATH'] ?? ''}` }
const HEALTH = 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n'

async function many(count: number, port: number, bytes: string): Promise<RawPeer[]> {
  const peers: RawPeer[] = []
  for (let at = 0; at < count; at++) {
    const peer = await RawPeer.open(port)
    peer.send(bytes)
    peers.push(peer)
  }
  return peers
}

describe.each(['ws', 'fastify'])('fanfare serve --adapter %s', (adapter) => {
  it.each([
    ['ask for nothing', ''],
    ['begin a request', 'GET /health HT'],
    ['asked once', HEALTH],
    [
      'asked once, and send a body without end',
      'POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx',
    ],
  ])('has room for clients beside connections that %s', async (_what, bytes) => {
    const args = ['--adapter', adapter, '--max-connections', '5', '--max-half-open', '20']
    const server = await startServer(args, { environment })
    const client = await wsPeer(`${server.url.replace('http:', 'ws:')}/ws`)
    onTestFinished(() => client.destroy())
    const idle = await many(320, server.port, bytes)
    await until(() => idle.filter(({ closed }) => closed).length >= 300, 'the oldest to be cut')
    const second = await wsPeer(`${server.url.replace('http:', 'ws:')}/ws`)
    onTestFinished(() => second.destroy())
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ clients: 2 })
    expect(client.ended).toBeUndefined()
  })
})

describe.each(['ws', 'bun', 'fastify'])('handshakes at fanfare serve --adapter %s', (adapter) => {
  it('of one address have a limit, and those of others go on', async () => {
    const limits = ['--handshake-rate', '1', '--handshake-burst', '3', '--trusted-proxies', '1']
    const args = ['--adapter', adapter, '--protocol', 'plain', ...limits]
    const server = await startServer(args, { environment })
    const statusFor = async (address: string): Promise<number> => {
      const peer = await RawPeer.open(server.port)
      peer.send(upgradeRequest('/ws', { 'x-forwarded-for': address }))
      await peer.answered()
      return peer.status
    }
    const statuses: number[] = []
    for (let at = 0; at < 12; at++) statuses.push(await statusFor('192.0.2.1'))
    expect(statuses.slice(0, 3)).toEqual([101, 101, 101])
    expect(statuses).toContain(429)
    expect(await statusFor('192.0.2.2')).toBe(101)
  })
})
