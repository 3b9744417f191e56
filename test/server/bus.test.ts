import { readFileSync } from 'node:fs'

import { FanfareClient } from '@fanfare/client'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

import { secretsIn, sentence } from '../../server/src/bus/sentence.ts'
import { freePort } from '../support/free-port.ts'
import { NatsServer } from '../support/nats-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { fanfare, type Server, startServer, stopAll } from './fanfare.ts'

/** Silence shows after 3.5 s and a beat, on a machine that has nothing else to do. */
const SILENCE_MS = 15_000
/** How long the end of a server may take whose bus is dead. */
const END_MS = 15_000

const guide = readFileSync(new URL('../../docs/guides/operating.md', import.meta.url), 'utf8')

const KINDS = {
  redis: () => RedisServer.start(),
  nats: () => NatsServer.start(),
} as const

afterEach(stopAll)

/** Resolves once a condition holds that takes a question to know. */
async function eventually(what: string, holds: () => Promise<boolean>, withinMs = SILENCE_MS): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${String(withinMs)} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function health({ url }: Server): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/health`)
  return { http: response.status, ...((await response.json()) as object) }
}

const isUp = (server: Server): Promise<void> =>
  eventually('the bus to be up', async () => (await health(server))['bus'] === 'up')

function connect(server: Server): FanfareClient {
  const client = new FanfareClient(`${server.url.replace('http:', 'ws:')}/ws`, { WebSocket })
  onTestFinished(() => client.close())
  return client
}

/** Somebody in the lobby, and what reaches them. */
interface Visitor {
  readonly client: FanfareClient
  readonly heard: string[]
  readonly elsewhere: unknown[]
  says(text: string): Promise<unknown>
}

async function visit(server: Server, name: string): Promise<Visitor> {
  const client = connect(server)
  const heard: string[] = []
  const elsewhere: unknown[] = []
  const lobby = client.channel('presence-lobby', { getAuth: () => ({ data: { name } }) })
  lobby.on('chat', (data) => void heard.push((data as { text: string }).text))
  lobby.on('elsewhere', (data) => void elsewhere.push(data))
  await client.connect()
  await lobby.subscribe()
  return { client, heard, elsewhere, says: (text) => client.call('chat', { room: 'lobby', text }) }
}

const has = (texts: readonly string[], text: string): Promise<void> =>
  eventually(`the message ${text}`, async () => texts.includes(text))

describe.each(['redis', 'nats'] as const)('two servers on one %s', (kind) => {
  let bus: RedisServer | NatsServer
  beforeAll(async () => {
    bus = await KINDS[kind]()
  })
  afterAll(() => bus?.stop())
  afterEach(() => {
    bus.resume()
  })

  const start = (...args: string[]): Promise<Server> => startServer(['--demo', '--bus', bus.url, ...args])

  it('with a secret hear each other, and nobody who has another or none', async () => {
    const secret = ['--bus-secret', 'the-secret-of-this-year']
    const [one, two, old, none] = await Promise.all([
      start(...secret),
      start('--bus-secret', 'the-secret-of-this-year,the-secret-of-last-year'),
      start('--bus-secret', 'the-secret-of-last-year'),
      start(),
    ])
    await Promise.all([one, two, old, none].map(isUp))
    const ada = await visit(one, 'Ada')
    const others = await Promise.all(
      [two, old, none].map((server, n) => visit(server, `Visitor ${String(n)}`)),
    )
    for (const [n, { says }] of others.entries()) await says(`from ${String(n)}`)
    await ada.says('from Ada')
    await has(ada.heard, 'from Ada')
    await has(ada.heard, 'from 0')
    for (const { heard } of [others[0]!, others[2]!]) await has(heard, 'from Ada')
    expect(ada.heard).toEqual(['from 0', 'from Ada'])
    await eventually('a line of why', async () => one.err.includes('no valid signature'))
    expect(one.err).not.toContain('this-year')
  })

  it('are one: what is said on one is heard on the other, and who is there is known', async () => {
    const [one, two] = await Promise.all([start('--node-name', 'one'), start()])
    await Promise.all([isUp(one), isUp(two)])
    const ada = await visit(one, 'Ada')
    const ben = await visit(two, 'Ben')
    expect(await ada.says('Hello Ben')).toEqual({ at: expect.any(Number) as number })
    await has(ben.heard, 'Hello Ben')
    await ben.says('Hello Ada')
    await has(ada.heard, 'Hello Ada')
    const elsewhere = async ({ client }: Visitor): Promise<unknown> =>
      client.call('elsewhere', { room: 'lobby' })
    const names = async (visitor: Visitor): Promise<unknown> =>
      ((await elsewhere(visitor)) as { members: { info: unknown }[] }).members.map(({ info }) => info)
    await eventually(
      'Ada to be known on the other server',
      async () => JSON.stringify(await names(ben)) !== '[]',
    )
    expect(await names(ben)).toEqual([{ name: 'Ada', node: 'one' }])
    await eventually('Ben to be known too', async () => JSON.stringify(await names(ada)) !== '[]')
    expect(await names(ada)).toEqual([{ name: 'Ben', node: String(two.port) }])
    expect(await ada.client.call('node')).toEqual({ node: 'one', bus: 'up' })
    ben.client.close()
    await eventually('Ben to be gone', async () => JSON.stringify(ada.elsewhere.at(-1)) === '{"members":[]}')
    expect(one.err + two.err).toBe('')
  })

  it('with another prefix are none of each other’s business', async () => {
    const [one, two] = await Promise.all([start('--bus-prefix', 'a'), start('--bus-prefix', 'b')])
    await Promise.all([isUp(one), isUp(two)])
    const [ada, ben] = [await visit(one, 'Ada'), await visit(two, 'Ben')]
    await ada.says('Is anybody there?')
    await has(ada.heard, 'Is anybody there?')
    await ben.says('Here is nobody')
    await has(ben.heard, 'Here is nobody')
    expect(ben.heard).toEqual(['Here is nobody'])
  })

  it('go on alone while it is silent, say so, and are one again after it', { timeout: 90_000 }, async () => {
    const metricsPort = await freePort()
    const one = await start('--metrics-port', String(metricsPort))
    const two = await start()
    await Promise.all([isUp(one), isUp(two)])
    const [ada, ben, carl] = [await visit(one, 'Ada'), await visit(two, 'Ben'), await visit(one, 'Carl')]
    const states: unknown[] = []
    ada.client.onDirect('node', (state) => void states.push(state))
    await bus.pause()
    await eventually('the bus to be missed', async () => (await health(one))['bus'] !== 'up')
    expect(await health(one)).toEqual({
      http: 200,
      status: 'degraded',
      bus: 'degraded',
      clients: 2,
      channels: 1,
    })
    expect(await ada.says('Just us')).toMatchObject({ here: true })
    await has(carl.heard, 'Just us')
    const figures = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text()
    expect(await figures()).toMatch(/^fanfare_bus_status\{status="degraded"\} 1$/m)
    await eventually('the other to miss it', async () => (await health(two))['bus'] !== 'up')
    bus.resume()
    await Promise.all([isUp(one), isUp(two)])
    expect((await health(one))['status']).toBe('ok')
    await ada.says('All of us')
    await has(ben.heard, 'All of us')
    const text = await figures()
    expect(text).toMatch(/^fanfare_bus_status\{status="up"\} 1$/m)
    expect(text).toMatch(/^fanfare_bus_connects_total [2-9]$/m)
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# |fanfare_[a-z_]+(\{[^}]*\})? \d+$)/)
    await eventually('the page to know', async () => states.length >= 2)
    expect(states.map((state) => (state as { bus: string }).bus)).toEqual(['degraded', 'up'])
    const lines = one.err.trimEnd().split('\n')
    expect(guide).toContain(`\n${lines[0]!}\n${lines.at(-1)!}\n`)
    for (const line of lines) expect(line).toMatch(/^fanfare: the bus (is lost|cannot be reached|is back)/)
  })

  it('end with 0 when they are told to, although it is silent', { timeout: 60_000 }, async () => {
    const one = await start()
    await isUp(one)
    const ada = await visit(one, 'Ada')
    await bus.pause()
    void ada.says('Goodbye').catch(() => {})
    one.kill('SIGTERM')
    const began = performance.now()
    expect(await one.ended).toBe(0)
    expect(performance.now() - began).toBeLessThan(END_MS)
  })

  it('start without it, say so in a line, and find it when it comes', { timeout: 60_000 }, async () => {
    const port = await freePort()
    const address = bus.url.replace(/\d+$/, String(port)).replace('://', '://someone:s3cret@')
    const one = await startServer(['--demo', '--bus', address])
    await eventually('the line', async () => one.err !== '')
    expect(one.err).toMatch(/^fanfare: the bus cannot be reached: .*refused.*\n$/i)
    expect(await health(one)).toMatchObject({ http: 200, status: 'degraded', bus: 'degraded' })
    const [ada, ben] = [await visit(one, 'Ada'), await visit(one, 'Ben')]
    await ada.says('Hello anyway')
    await has(ben.heard, 'Hello anyway')
    expect(one.err).not.toContain('s3cret')
    one.kill('SIGTERM')
    expect(await one.ended).toBe(0)
  })
})

describe('--bus', () => {
  it('finds a bus that came later, and says so', { timeout: 60_000 }, async () => {
    const port = await freePort()
    const one = await startServer(['--bus', `redis://127.0.0.1:${String(port)}`])
    await eventually('the line', async () => one.err !== '')
    const bus = await RedisServer.start({ port })
    onTestFinished(() => bus.stop())
    await isUp(one)
    await eventually('the other line', async () => one.err.endsWith('fanfare: the bus is back\n'))
    expect(await health(one)).toMatchObject({ status: 'ok', bus: 'up' })
  })

  it('is loaded only where it is asked for', async () => {
    const script = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
    const refuse = script(`export const resolve = (name, context, next) => {
      if (/^@fanfare.(redis|nats|broadcasting)/.test(name)) throw new Error('asked for ' + name)
      return next(name, context)
    }`)
    const hook = script(`import { register } from 'node:module'; register(${JSON.stringify(refuse)})`)
    const environment = { NODE_OPTIONS: `--import ${hook}` }
    expect((await health(await startServer(['--demo'], { environment })))['status']).toBe('ok')
    const other = fanfare(['serve', '--bus', 'redis://127.0.0.1:1'], { environment })
    expect(await other.ended).not.toBe(0)
    expect(other.err).toContain('asked for @fanfare/redis')
  })

  it('memory is a server alone', async () => {
    const one = await startServer(['--bus', 'memory', '--demo'])
    expect(await health(one)).toEqual({ http: 200, status: 'ok', clients: 0, channels: 0 })
    expect(await (await fetch(one.url)).text()).toContain('data-cluster="no"')
    const client = connect(one)
    await client.connect()
    await expect(client.call('node')).rejects.toMatchObject({ code: 'unknown' })
  })

  it.each([
    ['redis://u:s3cret@h/one'],
    ['rediss://:s3cret@h?x'],
    ['nats://u:s3cret@h/x'],
    ['kafka://u:s3cret@h'],
    ['u:s3cret@h'],
    ['redis'],
  ])('%s is one clear line without credentials, and exit 2', async (address) => {
    for (const [args, environment, label] of [
      [['--bus', address], {}, '--bus'],
      [[], { FANFARE_BUS: address }, 'FANFARE_BUS'],
    ] as const) {
      const process = fanfare(['serve', ...args], { environment })
      expect(await process.ended).toBe(2)
      expect(process.err).toMatch(/^fanfare: .* takes memory, redis:.*\n$/)
      expect(process.err).toContain(`fanfare: ${label} takes`)
      expect(process.err).not.toContain('s3cret')
    }
  })
})

describe('what is said of a bus', () => {
  it('is one line, and has no credentials in it', () => {
    const error = new Error('cannot reach redis://ann:s3cret@h:1\n  with s3cret')
    expect(sentence(error, secretsIn('redis://ann:s3cret@h:1'))).toBe('cannot reach redis://***@h:1 with ***')
    expect(secretsIn('nats://a:p%40ss@h,tls://token@h')).toEqual(['p%40ss', 'p@ss', 'token'])
    expect(secretsIn('redis://h')).toEqual([])
    expect(sentence('x'.repeat(1_000)).length).toBeLessThan(400)
  })

  it('has the reasons of all addresses of a host', () => {
    const refused = (at: string): Error => new Error(`connect ECONNREFUSED ${at}`)
    const all = new AggregateError([refused('::1'), refused('127.0.0.1')], '')
    expect(sentence(all)).toBe('connect ECONNREFUSED ::1, connect ECONNREFUSED 127.0.0.1')
    expect(sentence(Object.assign(new Error(''), { code: 'EPIPE' }))).toBe('EPIPE')
  })
})
