import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { BusDriver } from '@fanfare/broadcasting/driver'
import { redis } from '@fanfare/redis'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { freePort } from '../support/free-port.ts'
import { RedisServer } from '../support/redis-server.ts'
import { Wires } from '../support/redis-wires.ts'
import { until } from '../support/until.ts'

let directory: string
let master: RedisServer
let sentinel: ChildProcess
let sentinelPort: number
let wires: Wires

/** A sentinel is `redis-server` too, in another mode. It writes into its configuration. */
async function startSentinel(): Promise<void> {
  const file = join(directory, 'sentinel.conf')
  const watched = `sentinel monitor mymaster 127.0.0.1 ${String(master.port)} 1`
  await writeFile(file, `port ${String(sentinelPort)}\nbind 127.0.0.1\ndir ${directory}\n${watched}\n`)
  const program = process.env['REDIS_SERVER_PATH'] ?? 'redis-server'
  sentinel = spawn(program, [file, '--sentinel'], { stdio: 'ignore' })
  await once(sentinel, 'spawn')
  const asking = new Redis({ port: sentinelPort, host: '127.0.0.1', retryStrategy: () => 50 })
  asking.on('error', () => {})
  try {
    await until(() => asking.status === 'ready', 'the sentinel')
    expect(await asking.call('SENTINEL', 'get-master-addr-by-name', 'mymaster')).toEqual([
      '127.0.0.1',
      String(master.port),
    ])
  } finally {
    asking.disconnect()
  }
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fanfare-sentinel-'))
  master = await RedisServer.start()
  sentinelPort = await freePort()
  wires = new Wires()
  await startSentinel()
})

afterEach(async () => {
  wires.cut()
  if (sentinel.exitCode === null) {
    const gone = once(sentinel, 'exit')
    sentinel.kill('SIGKILL')
    await gone
  }
  await master.stop()
  await rm(directory, { recursive: true, force: true })
})

it('a wire goes to the master that the sentinels know', async () => {
  const sentinels = [{ host: '127.0.0.1', port: sentinelPort }]
  const { wire, messages, losses } = await wires.dial({ options: { sentinels, name: 'mymaster' } })
  await wire.subscribe(['t:c:a'])
  await wire.publish('t:c:a', 'x')
  await until(() => messages.length === 1, 'the message')
  expect(await master.command('PUBSUB', 'CHANNELS')).toContain('t:c:a')
  await master.kill()
  await until(() => losses.length === 1, 'the loss')
})

it(
  'a planned failover takes the driver to the new master, and nothing is published to the old one',
  { timeout: 60_000 },
  async () => {
    const replica = await RedisServer.start()
    await replica.command('REPLICAOF', '127.0.0.1', master.port)
    const asking = new Redis({ port: sentinelPort, host: '127.0.0.1', retryStrategy: () => 50 })
    asking.on('error', () => {})
    const sentinels = [{ host: '127.0.0.1', port: sentinelPort }]
    const [one, other] = [1, 2].map(() =>
      redis({ options: { sentinels, name: 'mymaster' }, reconnectDelayMs: 50, logger: () => {} }),
    ) as [BusDriver, BusDriver]
    try {
      const heard: unknown[] = []
      await other.subscribe('orders', ({ payload }) => void heard.push(payload))
      await until(() => one.status() === 'up' && other.status() === 'up', 'both drivers')
      // It looks for replicas every 10 s.
      const known = async (): Promise<boolean> => {
        const replicas = (await asking.call('SENTINEL', 'replicas', 'mymaster')) as unknown[]
        return replicas.length > 0 && JSON.stringify(replicas).includes('"master-link-status","ok"')
      }
      for (let tries = 0; tries < 300 && !(await known()); tries++) await sleep(100)
      await asking.call('SENTINEL', 'FAILOVER', 'mymaster')
      await until(() => one.stats().connects === 2 && other.stats().connects === 2, 'the new master')
      await until(() => one.status() === 'up' && other.status() === 'up', 'both drivers again')
      await one.publish({ channel: 'orders', payload: 'after' })
      await until(() => heard.includes('after'), 'what was published')
      expect(await replica.command('ROLE')).toContain('master')
    } finally {
      asking.disconnect()
      await Promise.all([one.close(), other.close()])
      await replica.stop()
    }
  },
)
