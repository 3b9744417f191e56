import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { RefusedError, type Wire } from '@fanfare/broadcasting/driver'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { dialServers } from '../../bridges/nats/src/dial.ts'
import { serversOf } from '../../bridges/nats/src/servers.ts'
import { NatsServer } from '../support/nats-server.ts'
import { until } from '../support/until.ts'
import { Attempt, WireLog } from '../support/wire-log.ts'

let directory: string
let server: NatsServer
let wire: Wire
let log: WireLog

/** The user may do everything below `open`, and listen below `heard`. */
const configuration = (subscribe: string): string => `
authorization { users = [ { user: u, password: p, permissions: { publish: "open.>", subscribe: ${subscribe} } } ] }
`

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fanfare-nats-config-'))
  await writeFile(join(directory, 'nats.conf'), configuration('["open.>", "heard.>"]'))
  server = await NatsServer.start({ args: ['-c', join(directory, 'nats.conf')] })
  log = new WireLog()
  wire = await dialServers(serversOf(server.url), { user: 'u', pass: 'p' })(log, new Attempt())
})

afterEach(async () => {
  wire.cut()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

it('refuses what may not be published, and that alone', async () => {
  const subjects = ['open.1', 'shut.1', 'open.2', 'shut.1', 'shut.2', 'open.1']
  const outcomes = await Promise.allSettled(subjects.map((subject) => wire.publish(subject, 'x')))
  const refused = { status: 'rejected', reason: expect.any(RefusedError) as unknown }
  expect(outcomes).toEqual(
    subjects.map((subject) =>
      subject.startsWith('shut') ? refused : { status: 'fulfilled', value: undefined },
    ),
  )
  expect(log.losses).toEqual([])
})

it('refuses it each time, one after the other', async () => {
  for (let time = 0; time < 20; time++) {
    await expect(wire.publish('shut.1', 'x')).rejects.toThrow('NATS allows no publishing to shut.1')
    await wire.publish('open.1', 'x')
  }
})

it('rejects a subscription that is not allowed', async () => {
  await wire.subscribe(['heard.1'])
  await expect(wire.subscribe(['open.1', 'shut.1'])).rejects.toThrow('NATS allows no subscription to shut.1')
  await expect(wire.subscribe(['shut.1'])).rejects.toBeInstanceOf(RefusedError)
  await wire.subscribe(['open.1'])
  await wire.publish('open.1', 'x')
  await until(() => log.messages.length === 1, 'the message')
  expect(log.losses).toEqual([])
})

it('is asked again about a subscription that was not allowed before', async () => {
  await expect(wire.subscribe(['shut.1'])).rejects.toBeInstanceOf(RefusedError)
  await writeFile(join(directory, 'nats.conf'), configuration('["open.>", "shut.>"]'))
  server.reload()
  const allowed = async (): Promise<boolean> =>
    wire.subscribe(['shut.1']).then(
      () => true,
      () => false,
    )
  const deadline = performance.now() + 10_000
  while (!(await allowed())) if (performance.now() > deadline) throw new Error('never allowed')
  expect(log.losses).toEqual([])
})

it('is lost when a subscription is taken away from it', async () => {
  await wire.subscribe(['heard.1'])
  await writeFile(join(directory, 'nats.conf'), configuration('["open.>"]'))
  server.reload()
  await until(() => log.losses.length > 0, 'the loss')
  expect(log.losses).toHaveLength(1)
})
