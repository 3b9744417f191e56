import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { nats } from '@fanfare/nats'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { NatsServer } from '../support/nats-server.ts'
import { until } from '../support/until.ts'

// A NATS server takes so many subscriptions of one connection. What is beyond is no channel that looks live and is deaf.

let directory: string
let file: string
let server: NatsServer
let ends: (() => Promise<unknown>)[] = []

/** Beside the channels a driver subscribes to its beat. */
const taking = (channels: number): string => `max_subscriptions: ${String(channels + 1)}\n`

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fanfare-nats-limits-'))
  file = join(directory, 'nats.conf')
})

afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

async function start(channels: number): Promise<void> {
  await writeFile(file, taking(channels))
  server = await NatsServer.start({ args: ['-c', file] })
}

function driverOf(said: string[]) {
  const driver = nats({
    servers: server.url,
    reconnectDelayMs: 50,
    logger: (message, { error }) => void said.push(`${message}: ${String(error)}`),
  })
  ends.push(() => driver.close())
  return driver
}

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `orders.${String(at)}`)

it('rejects the subscriptions that the server does not take, and keeps the others', async () => {
  await start(5)
  const driver = driverOf([])
  await until(() => driver.status() === 'up', 'the bus')
  const heard: string[] = []
  const outcomes = await Promise.allSettled(
    names(12).map((name) => driver.subscribe(name, ({ channel }) => void heard.push(channel))),
  )
  const stand = names(12).filter((_, at) => outcomes[at]?.status === 'fulfilled')
  expect(stand).toHaveLength(5)
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [String(outcome.reason)] : [],
  )
  expect(reasons.filter((reason) => !reason.includes('maximum subscriptions exceeded'))).toEqual([])
  for (const channel of names(12)) await driver.publish({ channel, payload: '1' })
  await until(() => heard.length >= 5, 'what was published')
  expect(heard.toSorted()).toEqual(stand.toSorted())
  expect(driver.status()).toBe('up')
})

it('tells of those that a stricter server does not take when it is back', { timeout: 60_000 }, async () => {
  await start(12)
  const said: string[] = []
  const driver = driverOf(said)
  const gaps = new Set<string>()
  const heard = new Set<string>()
  await Promise.all(
    names(12).map((name) =>
      driver.subscribe(name, ({ channel }) => void heard.add(channel), { gap: () => void gaps.add(name) }),
    ),
  )
  await writeFile(file, taking(5))
  await server.restart()
  await until(() => driver.status() === 'up' && driver.stats().connects === 2, 'the bus again')
  await until(
    () => said.filter((line) => line.includes('maximum subscriptions exceeded')).length >= 7,
    'the refusals',
  )
  for (const channel of names(12)) await driver.publish({ channel, payload: '1' })
  await until(() => heard.size >= 5, 'what was published')
  // Whoever is deaf now was told.
  expect(names(12).filter((name) => !heard.has(name) && !gaps.has(name))).toEqual([])
  expect(driver.status()).toBe('up')
})
