import { fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { BusDriver, BusOptions } from '@fanfare/broadcasting/driver'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'
import { afterEach, describe, expect, it } from 'vitest'

import { NatsServer } from '../support/nats-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { ToxicProxy } from '../support/toxic-proxy.ts'
import { until } from '../support/until.ts'

// Outages in their real length, with the default times.

const QUIET: BusOptions = { logger: () => {} }
/** As good as none: what happens when nothing listens for its own beats. */
const NO_BEAT: BusOptions = { ...QUIET, beat: { intervalMs: 1_000, silentMs: 3_600_000 }, prefix: 'deaf' }

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function kept<Item>(item: Item, end: (item: Item) => Promise<unknown>): Item {
  cleanups.push(() => end(item))
  return item
}

async function isUp(...drivers: BusDriver[]): Promise<void> {
  await until(() => drivers.every((driver) => driver.status() === 'up'), 'the drivers to be up')
}

/** How many milliseconds pass until the driver has that status; Infinity when it takes longer than it may. */
async function msUntil(driver: BusDriver, status: string, mostMs: number): Promise<number> {
  const began = performance.now()
  while (driver.status() !== status) {
    if (performance.now() - began > mostMs) return Infinity
    await sleep(5)
  }
  return performance.now() - began
}

const close = (driver: BusDriver): Promise<void> => driver.close()
const stop = (server: { stop(): Promise<void> }): Promise<void> => server.stop()

describe.each([
  ['redis', () => RedisServer.start(), (url: string, options: BusOptions) => redis({ url, ...options })],
  [
    'nats',
    () => NatsServer.start(),
    (url: string, options: BusOptions) => nats({ servers: url, ...options }),
  ],
])('%s', (_name, start, connect) => {
  it('that is paused is found within 5 s, and used within 1 s of its return', async () => {
    const server = kept(await start(), stop)
    const driver = kept(connect(server.url, QUIET), close)
    const deaf = kept(connect(server.url, NO_BEAT), close)
    await isUp(driver, deaf)
    await server.pause()
    const foundMs = await msUntil(driver, 'degraded', 6_000)
    expect(foundMs).toBeLessThan(5_000)
    // Without the beat, nothing shows it.
    expect(deaf.status()).toBe('up')
    await sleep(2_000)
    server.resume()
    // 1 s, and as much again for a machine that is busy.
    expect(await msUntil(driver, 'up', 5_000)).toBeLessThan(2_000)
  }, 40_000)

  it('that is cut off, with every socket open, is found within 5 s, and used within 1 s of its return', async () => {
    const server = kept(await start(), stop)
    const proxy = kept(await ToxicProxy.start({ to: server.port }), (one) => one.close())
    const driver = kept(connect(server.url.replace(String(server.port), String(proxy.port)), QUIET), close)
    await isUp(driver)
    proxy.blackhole('both')
    expect(await msUntil(driver, 'degraded', 6_000)).toBeLessThan(5_000)
    await sleep(1_000)
    proxy.reset()
    await proxy.pass()
    expect(await msUntil(driver, 'up', 5_000)).toBeLessThan(2_000)
  }, 40_000)
})

describe('a redis whose subscribers hear nothing', () => {
  it('because only their way down is cut, is found within 5 s', async () => {
    const server = kept(await RedisServer.start(), stop)
    const proxy = kept(await ToxicProxy.start({ to: server.port }), (one) => one.close())
    const listening = { url: `redis://127.0.0.1:${String(proxy.port)}`, publisher: { url: server.url } }
    const driver = kept(redis({ ...listening, ...QUIET }), close)
    const deaf = kept(redis({ ...listening, ...NO_BEAT }), close)
    await isUp(driver, deaf)
    proxy.hold('down')
    expect(await msUntil(driver, 'degraded', 6_000)).toBeLessThan(5_000)
    expect(deaf.status()).toBe('up')
    await proxy.pass()
    expect(await msUntil(driver, 'up', 5_000)).toBeLessThan(2_000)
  }, 40_000)

  it('because they are on a replica that lost its primary, is found within 5 s', async () => {
    const primary = kept(await RedisServer.start(), stop)
    const replica = kept(await RedisServer.start(), stop)
    await replica.command('REPLICAOF', '127.0.0.1', primary.port)
    const driver = kept(redis({ url: replica.url, publisher: { url: primary.url }, ...QUIET }), close)
    await isUp(driver)
    await replica.command('REPLICAOF', 'NO', 'ONE')
    expect(await msUntil(driver, 'degraded', 6_000)).toBeLessThan(5_000)
    await replica.command('REPLICAOF', '127.0.0.1', primary.port)
    expect(await msUntil(driver, 'up', 10_000)).toBeLessThan(10_000)
  }, 40_000)
})

describe('a subscriber that the server drops as slow', () => {
  const big = JSON.stringify('x'.repeat(100_000))

  /** Publishes more to a subscriber that takes nothing than the server keeps for it. Returns what the subscriber was told. */
  async function flooded(publisher: BusDriver, subscriber: BusDriver, proxy: ToxicProxy): Promise<string[]> {
    const story: string[] = []
    await subscriber.subscribe('orders', ({ name }) => void story.push(name ?? ''), {
      gap: () => void story.push('gap'),
    })
    await publisher.publish({ channel: 'orders', name: 'before', payload: '1' })
    await until(() => story.includes('before'), 'what came before')
    proxy.hold('down')
    for (let count = 0; count < 150; count++) {
      await publisher.publish({ channel: 'orders', name: 'flood', payload: big })
    }
    await until(() => subscriber.status() === 'degraded', 'the subscriber to be found cut off')
    await proxy.pass()
    await isUp(subscriber)
    await publisher.publish({ channel: 'orders', name: 'after', payload: '1' })
    await until(() => story.includes('after'), 'what comes after')
    expect(story.filter((item) => item === 'flood').length).toBeLessThan(150)
    // One gap because it is back, and perhaps another because the next message shows that some are missing before it.
    const told = story.filter((item) => item !== 'flood')
    return told.filter((item, at) => item !== told[at - 1])
  }

  it('by redis is told of the gap, and goes on', async () => {
    const args = ['--client-output-buffer-limit', 'pubsub', '1mb', '0', '0']
    const server = kept(await RedisServer.start({ args }), stop)
    const proxy = kept(await ToxicProxy.start({ to: server.port }), (one) => one.close())
    const publisher = kept(redis({ url: server.url, ...QUIET }), close)
    const subscriber = kept(redis({ url: `redis://127.0.0.1:${String(proxy.port)}`, ...QUIET }), close)
    expect(await flooded(publisher, subscriber, proxy)).toEqual(['before', 'gap', 'after'])
  }, 40_000)

  it('by nats is told of the gap, and goes on', async () => {
    const directory = kept(await mkdtemp(join(tmpdir(), 'fanfare-nats-')), (path) =>
      rm(path, { recursive: true, force: true }),
    )
    const config = join(directory, 'slow.conf')
    await writeFile(config, 'max_pending: 1048576\nwrite_deadline: "1s"\n')
    const server = kept(await NatsServer.start({ args: ['-c', config] }), stop)
    const proxy = kept(await ToxicProxy.start({ to: server.port }), (one) => one.close())
    const publisher = kept(nats({ servers: server.url, ...QUIET }), close)
    const subscriber = kept(nats({ servers: `127.0.0.1:${String(proxy.port)}`, ...QUIET }), close)
    expect(await flooded(publisher, subscriber, proxy)).toEqual(['before', 'gap', 'after'])
  }, 40_000)
})

describe('the heap, while the bus is paused and 5,000 messages a second are published', () => {
  const SCRIPT = fileURLToPath(new URL('heap.mjs', import.meta.url))

  async function grown(
    server: { readonly url: string; pause(): unknown; resume(): unknown },
    protection: string,
    seconds: number,
  ): Promise<{ grownMiB: number; status?: string }> {
    const child = fork(SCRIPT, [server.url, protection, String(seconds)], { execArgv: ['--expose-gc'] })
    const answer = async (): Promise<unknown> => ((await once(child, 'message')) as [unknown])[0]
    expect(await answer()).toBe('paused?')
    await server.pause()
    child.send('paused')
    const result = (await answer()) as { grownMiB: number; status?: string }
    expect(await answer()).toBe('resumed?')
    server.resume()
    const gone = once(child, 'exit')
    child.send('resumed')
    expect(await gone).toEqual([0, null])
    return result
  }

  it('grows by 16 MiB at most in 60 s, with redis', async () => {
    const server = kept(await RedisServer.start(), stop)
    const { grownMiB, status } = await grown(server, 'protected', 60)
    expect(status).toBe('degraded')
    expect(grownMiB).toBeLessThan(16)
  }, 120_000)

  it('grows by 16 MiB at most in 10 s, with nats', async () => {
    const server = kept(await NatsServer.start(), stop)
    expect((await grown(server, 'protected', 10)).grownMiB).toBeLessThan(16)
  }, 120_000)

  it('grows by more than that in 10 s, with a client library as it is', async () => {
    const server = kept(await RedisServer.start(), stop)
    expect((await grown(server, 'unprotected', 10)).grownMiB).toBeGreaterThan(16)
  }, 120_000)
})
