import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import type { Report } from '../../server/src/load/report.ts'
import { fanfare, type Server, startServer, stopAll } from '../server/fanfare.ts'
import { RedisServer } from '../support/redis-server.ts'

afterEach(stopAll)

const at = ({ port }: Server): string => `ws://127.0.0.1:${String(port)}/ws`
const LIGHT = ['--clients', '6', '--channels', '3', '--rate', '200']

async function bench(...args: string[]): Promise<{ code: number | string; out: string; err: string }> {
  const process = fanfare(['bench', ...LIGHT, ...args])
  const code = await process.ended
  return { code, out: process.out, err: process.err }
}

const PATIENCE_MS = 20_000

/** Resolves once what a server says of itself has these members. */
async function health({ url }: Server, members: Record<string, unknown>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const said = (await (await fetch(`${url}/health`)).json()) as Record<string, unknown>
    if (Object.entries(members).every(([name, value]) => said[name] === value)) return
    if (performance.now() > end) throw new Error(`waited in vain for ${JSON.stringify(members)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const reportOf = ({ out }: { readonly out: string }): Report => JSON.parse(out) as Report

describe('fanfare bench', () => {
  it('publishes through clients of the demo, and everybody has everything', async () => {
    const server = await startServer(['--demo'])
    const done = await bench('--url', at(server), '--messages', '100', '--per-client', '2', '--json')
    expect(done).toMatchObject({ code: 0, err: '' })
    const report = reportOf(done)
    expect(report).toMatchObject({
      ok: true,
      ended: 'done',
      load: { clients: 6, channels: 3, perClient: 2, publishers: 4, rate: 200, bytes: 128 },
      messages: { sent: 100, published: 100, refused: 0, unknown: 0 },
      deliveries: { expected: 400, received: 400, lost: 0, reordered: 0, duplicated: 0, strange: 0 },
      connections: { opened: 6, failed: 0, lost: 0, reopened: 0 },
      handshakeMs: { count: 6 },
      latencyMs: { count: 400 },
    })
    expect(report.latencyMs.p50).toBeGreaterThan(0)
    expect(report.latencyMs.p99).toBeLessThanOrEqual(report.latencyMs.max)
  })

  it('says it in words', async () => {
    const server = await startServer(['--demo'])
    const { code, out, err } = await bench('--url', at(server), '--duration', '300ms', '--bytes', '1000')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^6 clients in 3 channels, 200 messages\/s of 1000 bytes published by 4 of them, /)
    expect(out).toMatch(/^connections +6 opened, 0 failed, 0 lost, 0 reopened$/m)
    expect(out).toMatch(/^latency +p50 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms$/m)
    expect(out).toMatch(/\nright: what was published arrived once and in order, .*\n$/)
  })

  it('ends by Ctrl-C with the report so far', async () => {
    const server = await startServer(['--demo'])
    const process = fanfare(['bench', ...LIGHT, '--url', at(server), '--messages', '1000000', '--json'])
    await health(server, { clients: 6 })
    process.kill('SIGINT')
    expect(await process.ended).toBe(0)
    expect(reportOf(process)).toMatchObject({ ok: true, ended: 'interrupted', deliveries: { lost: 0 } })
  })

  it(
    'survives a server that goes, and says that its connections were lost',
    { timeout: 60_000 },
    async () => {
      const server = await startServer(['--demo'])
      const process = fanfare(['bench', ...LIGHT, '--url', at(server), '--messages', '1000000', '--json'])
      await health(server, { clients: 6, channels: 3 })
      server.kill('SIGTERM')
      await server.ended
      const again = await startServer(['--demo', '--port', String(server.port)])
      await health(again, { clients: 6, channels: 3 })
      process.kill('SIGINT')
      expect(await process.ended).toBe(0)
      expect(reportOf(process)).toMatchObject({
        ok: true,
        connections: { opened: 6, lost: 6, reopened: 6 },
        deliveries: { lost: 0, duplicated: 0 },
      })
    },
  )

  it('has a help of its own, and names what is wrong in one line', async () => {
    const help = fanfare(['bench', '--help'])
    expect(await help.ended).toBe(0)
    expect(help.out).toContain('Usage: fanfare bench')
    for (const [args, line] of [
      [['--rate', 'x'], /^fanfare: --rate takes a whole number from 1 to 1000000, not "x"\n$/],
      [['--frobnicate'], /^fanfare: there is no option "--frobnicate"; fanfare bench --help lists them\n$/],
      [['now'], /^fanfare: bench takes options only, not "now"\n$/],
    ] as const) {
      const wrong = fanfare(['bench', ...args])
      expect(await wrong.ended).toBe(2)
      expect(wrong.err).toMatch(line)
    }
  })
})

describe('fanfare bench --bus', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterAll(() => redis?.stop())

  it('publishes on the bus of a server that lets no client publish', async () => {
    const server = await startServer(['--bus', redis.url])
    await health(server, { bus: 'up' })
    const done = await bench('--url', at(server), '--bus', redis.url, '--messages', '100', '--json')
    expect(done).toMatchObject({ code: 0, err: '' })
    expect(reportOf(done)).toMatchObject({
      load: { publishers: 0 },
      messages: { published: 100 },
      deliveries: { expected: 200, received: 200, lost: 0 },
    })
  })

  it('says in a line that there is none, without its password', async () => {
    const server = await startServer([])
    const address = 'redis://u:s3cret@127.0.0.1:1'
    const { code, out, err } = await bench('--url', at(server), '--bus', address)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/fanfare: the bus cannot be reached\n$/)
    expect(err).not.toContain('s3cret')
  })
})
