import { type Gateway, type Hub, UnauthorizedError, type User } from '@fanfare/core'
import { DialRefused, dial, MemoryConn } from '@fanfare/core/testing'
import type { FanfareClient } from '@fanfare/client'
import { serve } from '@fanfare/server'
import { expect } from 'vitest'

import { run as command } from '../../server/src/command.ts'
import { startChromium } from '../browser/chromium.ts'
import { until } from '../support/until.ts'
import { type Block, nameOf } from './blocks.ts'
import { type Frame, Guest } from './guest.ts'
import { PACKAGE_CHECKS } from './package-checks.ts'
import { BUS_CHECKS } from './bus-checks.ts'
import type { Stage } from './stage.ts'

/** Runs a block, and shows that it does what the text around it says. */
export type Check = (stage: Stage, block: Block, other: (name: string) => Block) => Promise<void>

interface Made {
  readonly gateway: Gateway
  readonly hub: Hub
}

const bearer = (token: string): object => ({ headers: { authorization: `Bearer ${token}` } })
const page = { protocol: 'http:', host: '127.0.0.1:6001' }

const messages: Record<string, Check> = {
  async Handlers(stage, block) {
    const { gateway } = await stage.run<Made>(block)
    const guest = await Guest.of(gateway)
    const call = { op: 'call', method: 'add' }
    expect(await guest.asks({ ...call, id: 1, data: { a: 1, b: 2 } })).toMatchObject({ data: { sum: 3 } })
    const refused = { op: 'err', code: 'invalid', message: 'a and b are numbers' }
    expect(await guest.asks({ ...call, id: 2, data: { a: 1 } })).toMatchObject(refused)
    await guest.asks({ op: 'call', id: 3, method: 'other', data: [1] })
    expect(stage.printed).toEqual([[expect.any(String), 'said', 'other', '[1]']])
  },

  async 'A contract'(stage, block) {
    const { gateway } = await stage.run<Made>(block)
    const guest = await Guest.of(gateway)
    const call = { op: 'call', method: 'ship' }
    await guest.asks({ op: 'sub', id: 1, channel: 'orders.acme' })
    guest.says({ ...call, id: 2, data: { orgId: 'acme', id: 7 } })
    const ask = await guest.next({ op: 'ask', method: 'confirm' })
    expect(ask).toMatchObject({ data: { what: 'order 7' } })
    guest.says({ op: 'answer', id: ask['id'], data: true })
    const shipped = { op: 'msg', channel: 'orders.acme', event: 'shipped' }
    const frames = [await guest.next({ op: 'msg' }), await guest.next({ op: 'ok', id: 2 })]
    expect(frames).toMatchObject([{ ...shipped, data: { id: 7 } }, { data: { ok: true } }])
    const wrong = await guest.asks({ ...call, id: 3, data: { orgId: 'acme', id: 'seven' } })
    expect(wrong).toMatchObject({ code: 'invalid', message: expect.stringContaining('id') as string })
    const unknown = await guest.asks({ op: 'call', id: 4, method: 'sink', data: null })
    expect(unknown).toMatchObject({ code: 'unknown' })
  },

  async Middleware(stage, block) {
    const { gateway } = await stage.run<Made>(block)
    gateway.on('say', () => 'said')
    const loud = await Guest.of(gateway)
    gateway.onConnect((client) => void client.metadata.set('muted', true))
    const muted = await Guest.of(gateway)
    const call = { op: 'call', id: 1, method: 'say', data: null }
    expect(await loud.asks(call)).toMatchObject({ op: 'ok', data: 'said' })
    expect(await muted.asks(call)).toMatchObject({ code: 'forbidden', message: 'you are muted' })
    expect(new Set(stage.printed.map(([phase]) => phase))).toEqual(new Set(['connect', 'message']))
  },

  async Groups(stage, block) {
    const { gateway } = await stage.run<Made>(block)
    const [ann, ben] = [await Guest.of(gateway), await Guest.of(gateway)]
    const join = { op: 'call', method: 'join', id: 1, data: 'red' }
    const { data: alone } = await ann.asks(join)
    const { data: both } = await ben.asks(join)
    expect([alone, both]).toMatchObject([{ length: 1 }, { length: 2 }])
    const id = (both as string[]).find((one) => !(alone as string[]).includes(one))
    expect(await ann.next({ op: 'msg' })).toMatchObject({ event: 'joined', data: { id } })
    expect(ben.conn.messages).not.toContainEqual(expect.objectContaining({ op: 'msg' }))
  },
}

const authentication: Record<string, Check> = {
  async 'In the handshake'(stage, block) {
    const accounts: Record<string, User & { plan: string }> = { secret: { id: 'ann', plan: 'pro' } }
    stage.have('accountOf', (token: string) => Promise.resolve(accounts[token]))
    const { gateway } = await stage.run<Made>(block)
    const ann = await Guest.of(gateway, bearer('secret'))
    expect(await ann.next({ op: 'msg' })).toMatchObject({ event: 'hello', data: { plan: 'pro' } })
    for (const options of [{}, bearer('guessed')]) {
      await expect(dial(gateway, options)).rejects.toMatchObject({ refusal: { status: 401 } })
    }
  },

  async 'In the handshake 2'(stage, block) {
    const made = await stage.run<Made & { tokenFor(user: User): string }>(block)
    const query = { token: made.tokenFor({ id: 'ann' }) }
    await dial(made.gateway, { query })
    await expect(dial(made.gateway, { query })).rejects.toBeInstanceOf(DialRefused)
    expect(stage.printed).toEqual([[7_000]])
  },

  async 'For a channel'(stage, block) {
    const { gateway, demote } = await stage.run<Made & { demote(user: string): Promise<void> }>(block)
    const ann = await Guest.of(gateway, bearer('ann'))
    const sub = (id: number, channel: string): Promise<object> => ann.asks({ op: 'sub', id, channel })
    expect(await sub(1, 'private-user.ann')).toMatchObject({ op: 'ok' })
    expect(await sub(2, 'private-user.ben')).toMatchObject({ op: 'err', code: 'unauthorized' })
    expect(await sub(3, 'private-other')).toMatchObject({ op: 'err', code: 'unauthorized' })
    const me = { id: 'ann', info: { name: 'ann' } }
    expect(await sub(4, 'presence-chat.1')).toMatchObject({ op: 'ok', me, members: [me] })
    await demote('ann')
    expect(gateway.hub.channelCount('private-user.ann')).toBe(1)
  },
}

const operating: Record<string, Check> = {
  async Figures(stage, block) {
    await stage.run(block)
    await stage.port(9_091)
    const response = await fetch('http://127.0.0.1:9091/metrics')
    expect(response.headers.get('content-type')).toContain('version=0.0.4')
    const figures = await response.text()
    for (const name of ['dropped_frames_total', 'queued_bytes', 'refusals_total', 'handler_errors_total']) {
      expect(figures).toContain(`fanfare_${name}`)
    }
  },

  async 'Taking a node out of service'(stage, block) {
    const before = new Set(process.rawListeners('SIGTERM'))
    const { gateway } = await stage.run<Made>(block)
    const added = process.rawListeners('SIGTERM').filter((listener) => !before.has(listener))
    for (const listener of added) (listener as () => void)()
    await until(() => stage.exits.length > 0, 'the end')
    process.removeListener('SIGTERM', added[0] as () => void)
    expect([added.length, stage.exits]).toEqual([1, [0]])
    await expect(dial(gateway)).rejects.toMatchObject({ refusal: { status: 503 } })
  },
}

const others: Record<string, Check> = {
  async 'docs/guides/migrating.md › From `ws`'(stage, block) {
    const { gateway } = await stage.run<Made>(block)
    const [ann, ben] = [await dial(gateway), await dial(gateway)]
    ann.says('hi')
    await until(() => ben.received.length > 0, 'what the other said')
    expect([ann.received, ben.received]).toEqual([[], ['hi']])
  },

  async 'docs/guides/channels-and-presence.md › Who may join'(stage, block) {
    const ann = { user: 'ann', name: 'Ann', teams: ['red'] }
    stage.have('sessions', { find: (token: string) => Promise.resolve(token === 'secret' ? ann : undefined) })
    const { hub } = await stage.run<Made>(block)
    const client = hub.add(new MemoryConn())
    await hub.subscribe(client, 'presence-team.red', { credentials: 'secret' })
    expect(hub.presence('presence-team.red')).toEqual([{ id: 'ann', info: { name: 'Ann' } }])
    for (const [channel, credentials] of [
      ['private-team.blue', 'secret'],
      ['private-team.red', 'guessed'],
      ['private-team.red', 7],
    ] as const) {
      await expect(hub.subscribe(client, channel, { credentials })).rejects.toBeInstanceOf(UnauthorizedError)
    }
  },

  async 'docs/guides/channels-and-presence.md › Who is there 2'(stage, block) {
    const { hub } = await stage.run<Made>(block)
    hub.authorizeWith(() => ({ allowed: true, member: { id: 'ann' } }))
    const client = hub.add(new MemoryConn())
    await hub.subscribe(client, 'presence-room')
    hub.unsubscribe(client, 'presence-room')
    expect(stage.printed).toEqual([['ann came to presence-room'], ['ann left presence-room']])
  },

  async 'docs/guides/errors.md › Errors that nobody caused by calling'(stage, block) {
    const { hub } = await stage.run<Made>(block)
    const error = new Error('in the middle of something')
    hub.on('occupied', () => {
      throw error
    })
    await hub.subscribe(hub.add(new MemoryConn()), 'orders')
    expect(stage.printed).toMatchObject([['listener failed', { error }]])
  },

  async 'docs/guides/getting-started.md › The server'(stage, block, other) {
    const html = other('docs/guides/getting-started.md › A page').code
    stage.write('page.html', html)
    const { gateway } = await stage.run<Made>(block)
    await stage.port(6_001)
    expect(await (await fetch('http://127.0.0.1:6001/')).text()).toBe(html)
    const guest = await Guest.of(gateway)
    const answer = await guest.asks({ op: 'call', id: 1, method: 'say', data: 'Hello!' })
    expect(answer).toMatchObject({ data: { heardBy: 0 } })
  },

  async 'docs/guides/getting-started.md › A page'(stage, block, other) {
    stage.write('page.html', block.code)
    await stage.run(other('docs/guides/getting-started.md › The server'))
    const port = await stage.port(6_001)
    const browser = await startChromium()
    try {
      const visitor = await browser.newPage()
      await visitor.goto(`http://127.0.0.1:${String(port)}/`)
      const frames = visitor.locator('pre')
      await until(async () => (await frames.textContent())?.includes('"op":"ok"'), 'the subscription')
      await visitor.locator('input').fill('Hello!')
      await visitor.locator('input').press('Enter')
      await frames.getByText('heardBy').waitFor()
      expect(await frames.textContent()).toMatch(/"event":"said".*"text":"Hello!".*\n.*"heardBy":1/s)
    } finally {
      await browser.close()
    }
  },

  async 'docs/guides/getting-started.md › The same with the client'(stage, block, other) {
    stage.write('page.html', '')
    stage.have('location', page)
    await stage.run(other('docs/guides/getting-started.md › The server'))
    await stage.port(6_001)
    await stage.run(block)
    expect(stage.printed).toContainEqual(['open', undefined])
    expect(stage.printed).toContainEqual([expect.objectContaining({ text: 'Hello!' })])
    expect(stage.printed.at(-1)).toEqual([{ heardBy: 1 }])
  },

  async 'docs/guides/transports.md › Which one'(stage, block) {
    const server = await serve({ port: 0 })
    stage.answer('example.com', Number(new URL(server.url).port))
    const { client, alone } = await stage.run<Record<'client' | 'alone', FanfareClient>>(block)
    await Promise.all([client.connect(), alone.connect()])
    expect([client.state, alone.state]).toEqual(['open', 'open'])
    client.close()
    alone.close()
    await server.close()
  },

  async 'docs/guides/transports.md › Which one 2'(stage, block) {
    const server = await serve({ port: 0, path: '/live', allowedOrigins: ['*'] })
    stage.answer('example.com', Number(new URL(server.url).port))
    const { client } = await stage.run<Record<'client', FanfareClient>>(block)
    await client.connect()
    client.close()
    await server.close()
  },

  async 'docs/guides/server.md › In a program'(stage, block) {
    await stage.run(block)
    expect(stage.printed).toEqual([[expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]])
  },

  async 'docs/guides/server.md › The server 2'(stage, block) {
    const { code, out } = await fanfare(stage, ['serve', '--demo'])
    const port = await stage.port(6_001)
    expect([code, out.replace(String(port), '6001')]).toEqual([0, `${block.code}\n`])
  },

  async 'docs/guides/server.md › Settings'(stage, block) {
    stage.write('.env', 'FANFARE_PING_INTERVAL=25\n')
    expect(await fanfare(stage, ['serve'])).toEqual({ code: 2, out: '', err: `${block.code}\n` })
  },

  async 'docs/guides/server.md › The demo'(stage, block) {
    const server = await serve({ port: 6_001, demo: true })
    await stage.run(block)
    await until(() => stage.printed.length >= 4, 'the welcome, two answers, and the event')
    const frames = stage.printed.map(([text]) => JSON.parse(String(text)) as Frame)
    expect(frames).toContainEqual(expect.objectContaining({ op: 'ok', id: 2 }))
    expect(frames.find(({ op }) => op === 'msg')).toMatchObject({ channel: 'presence-lobby', event: 'chat' })
    expect(JSON.stringify(frames)).toContain('"Hello!"')
    await server.close()
  },

  async 'README.md › Quick start 2'(stage, block) {
    await stage.run(block)
    expect(stage.printed).toEqual([[expect.stringMatching(/^listening on http:\/\/127\.0\.0\.1:\d+$/)]])
  },

  async 'README.md › Quick start 3'(stage, block, other) {
    await stage.run(other('README.md › Quick start 2'))
    await stage.run(block)
    const answer = expect.objectContaining({ id: 2, data: { delivered: 1 } }) as object
    await until(() => JSON.stringify(stage.printed).includes('delivered'), 'the answer')
    expect(stage.printed).toContainEqual([answer])
    expect(stage.printed).toContainEqual([expect.objectContaining({ event: 'chat', data: 'Hello!' })])
  },
}

/** The command, in this process; it is told to end as soon as it listens. */
export async function fanfare(
  stage: Stage,
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' }
  const code = await command(args, {
    environment: {},
    directory: stage.folder,
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    told: () => Promise.resolve(),
    bun: false,
    inBun: () => Promise.resolve(undefined),
  })
  return { code, ...said }
}

const within = (file: string, checks: Record<string, Check>): [string, Check][] =>
  Object.entries(checks).map(([section, check]) => [nameOf({ file, section }), check])

/** By the name of the block. */
export const CHECKS: ReadonlyMap<string, Check> = new Map([
  ...within('docs/guides/messages.md', messages),
  ...within('docs/guides/authentication.md', authentication),
  ...within('docs/guides/operating.md', operating),
  ...Object.entries(others),
  ...Object.entries(PACKAGE_CHECKS),
  ...Object.entries(BUS_CHECKS),
])
