import type { Contract } from '@fanfare/core'
import type { SchemaIssue, SchemaResult } from '@fanfare/core/contract'
import { describe, expect, it } from 'vitest'

import {
  bearer,
  byName,
  byToken,
  call,
  deferred,
  type TestGateway,
  testGateway,
  type TestGatewayOptions,
} from '../fakes/test-gateway.ts'

/** A hub that leaves it to the gateway who may join. */
const NO_AUTHORIZER = { authorizer: undefined }

type Schema = NonNullable<NonNullable<Contract['direct']>[string]>

/** A schema of the Standard Schema interface, made of one function. */
function schema(
  validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>,
): Schema {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

const refused = (message: string, path?: SchemaIssue['path']): { issues: SchemaIssue[] } => ({
  issues: [{ message, path }],
})

/** Takes numbers, and gives them back doubled. */
const doubled = schema((value) => (typeof value === 'number' ? { value: value * 2 } : refused('no number')))
const anything = schema((value) => ({ value }))

function agreed(contract: Contract): TestGateway & { seen: unknown[] } {
  const kit = testGateway({ contract, directMessages: true })
  const seen: unknown[] = []
  kit.gateway.use(
    ({ message }, next) => {
      seen.push(message?.data)
      return next()
    },
    ['message', 'publish'],
  )
  kit.gateway.onMessage((_client, { data }) => data)
  return { ...kit, seen }
}

describe('a message under a contract', () => {
  it('reaches middleware and handlers as the schema gave it back', async () => {
    const { visit, seen } = agreed({ messages: { double: { data: doubled } } })
    const ann = await visit()
    expect(await ann.ask(call(1, 'double', 21))).toEqual([{ op: 'ok', id: 1, data: 42 }])
    expect(seen).toEqual([42])
  })

  it.each<[string, SchemaIssue['path'], string]>([
    ['no path', undefined, 'wrong'],
    ['an empty path', [], 'wrong'],
    ['keys', ['items', 0, 'id'], 'items.0.id: wrong'],
    ['segments', [{ key: 'items' }, { key: 3 }], 'items.3: wrong'],
    ['symbols', [Symbol('s')], 'Symbol(s): wrong'],
  ])('is refused with what is wrong and where: %s', async (_what, path, message) => {
    const { visit, seen, errors } = agreed({
      messages: { put: { data: schema(() => refused('wrong', path)) } },
    })
    const ann = await visit()
    expect(await ann.ask(call(1, 'put', {}))).toEqual([{ op: 'err', id: 1, code: 'invalid', message }])
    expect(seen).toEqual([])
    expect(errors).toEqual([])
  })

  it('is refused without issues to name', async () => {
    const { visit } = agreed({ messages: { put: { data: schema(() => ({ issues: [] })) } } })
    const ann = await visit()
    expect(await ann.ask(call(1, 'put'))).toEqual([
      { op: 'err', id: 1, code: 'invalid', message: 'not what the contract says' },
    ])
  })

  it.each(['other', '__proto__', 'constructor'])(
    'is refused that the contract does not know: %s',
    async (name) => {
      const { visit, seen } = agreed({ messages: { put: { data: anything } } })
      const ann = await visit()
      expect(await ann.ask(call(1, name))).toEqual([
        { op: 'err', id: 1, code: 'unknown', message: 'there is no such message' },
      ])
      expect(seen).toEqual([])
    },
  )

  it('needs no schema for its data', async () => {
    const { visit } = agreed({ messages: { put: {} } })
    const ann = await visit()
    expect(await ann.ask(call(1, 'put', { n: 1 }))).toEqual([{ op: 'ok', id: 1, data: { n: 1 } }])
  })

  it('may be validated in its own time, and in order', async () => {
    const gate = deferred<SchemaResult<unknown>>()
    const later = schema((value) => (value === 'slow' ? gate.promise : { value }))
    const { visit, seen } = agreed({ messages: { put: { data: later } } })
    const ann = await visit()
    expect(await ann.ask(call(1, 'put', 'slow'), call(2, 'put', 'quick'))).toEqual([])
    gate.resolve({ value: 'checked' })
    expect(await ann.heard()).toEqual([
      { op: 'ok', id: 1, data: 'checked' },
      { op: 'ok', id: 2, data: 'quick' },
    ])
    expect(seen).toEqual(['checked', 'quick'])
  })

  it('may be refused in its own time, by anything that has a then', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- a validator's promise may come from another realm
    const thenable = { then: (done: (result: unknown) => void) => done(refused('wrong', ['a'])) }
    const { visit, seen } = agreed({
      messages: { put: { data: schema(() => thenable as unknown as Promise<SchemaResult<unknown>>) } },
    })
    const ann = await visit()
    expect(await ann.ask(call(1, 'put'))).toEqual([
      { op: 'err', id: 1, code: 'invalid', message: 'a: wrong' },
    ])
    expect(seen).toEqual([])
  })

  it('is not handled when its validator never answers: the client is told in time', async () => {
    const { visit, seen, clock, hub } = agreed({
      messages: { put: { data: schema(() => new Promise(() => {})) } },
    })
    const ann = await visit()
    await ann.ask(call(1, 'put'))
    clock.advance(30_100)
    expect(await ann.heard()).toMatchObject([{ op: 'err', id: 1, code: 'timeout' }])
    expect(seen).toEqual([])
    expect(hub.wheel.size).toBe(0)
  })

  it.each<[string, () => SchemaResult<unknown> | Promise<SchemaResult<unknown>>]>([
    ['throws', () => explode()],
    ['rejects', async () => explode()],
  ])('leaks nothing of a validator that %s', async (_how, validate) => {
    const { visit, errors, seen } = agreed({ messages: { put: { data: schema(validate) } } })
    const ann = await visit()
    expect(await ann.ask(call(1, 'put'))).toEqual([
      { op: 'err', id: 1, code: 'internal', message: 'something went wrong here' },
    ])
    expect(errors).toEqual([{ error: new Error('password: hunter2'), where: 'handler', client: ann.client }])
    expect(seen).toEqual([])
  })

  it('may become undefined', async () => {
    const { visit, seen } = agreed({ messages: { put: { data: schema(() => ({ value: undefined })) } } })
    const ann = await visit()
    expect(await ann.ask(call(1, 'put', { raw: true }))).toEqual([{ op: 'ok', id: 1 }])
    expect(seen).toEqual([undefined])
  })

  it('is not JSON, and never gets to the schema', async () => {
    const { visit } = agreed({ messages: { put: { data: anything } } })
    const ann = await visit()
    expect(await ann.ask('{"op":"call","id":1,"method":"put","data":nope}')).toMatchObject([
      { op: 'err', id: 1, code: 'bad-frame' },
    ])
  })
})

describe('an event of a client under a contract', () => {
  const pub = (id: number, channel: string, event: string, data: unknown): object => ({
    op: 'pub',
    id,
    channel,
    event,
    data,
  })

  /** Two clients in a channel, and what the contract says of its events. */
  async function pair(
    events: NonNullable<Contract['events']>,
    channel: string,
  ): Promise<{ say(event: string, data: unknown): Promise<unknown[]>; heard(): Promise<unknown[]> }> {
    const { visit } = testGateway({ contract: { events }, hub: { authorizer: byName } })
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask({ op: 'sub', channel, auth: 'ann' })
    await ben.ask({ op: 'sub', channel, auth: 'ben' })
    return { say: (event, data) => ann.ask(pub(1, channel, event, data)), heard: () => ben.heard() }
  }

  it('goes to the others as it was written, once it is found right', async () => {
    const { say, heard } = await pair({ 'private-{id}': { n: doubled } }, 'private-a')
    expect(await say('n', 'text')).toEqual([
      { op: 'err', id: 1, code: 'invalid', channel: 'private-a', message: 'no number' },
    ])
    expect(await heard()).toEqual([])
    expect(await say('n', 1)).toEqual([{ op: 'ok', id: 1 }])
    expect(await heard()).toMatchObject([{ op: 'msg', channel: 'private-a', event: 'n', data: 1 }])
  })

  it.each([
    ['private-{id}', 'private-a.b'],
    ['private-{id}', 'private-'],
    ['private-a', 'private-ab'],
    ['private-a.b', 'private-axb'],
    ['private-{a}.{b}', 'private-a'],
  ])('is unknown where the pattern does not match: %s is not %s', async (pattern, channel) => {
    const { say, heard } = await pair({ [pattern]: { n: anything } }, channel)
    expect(await say('n', 1)).toMatchObject([{ op: 'err', code: 'unknown' }])
    expect(await heard()).toEqual([])
  })

  it('is known when any pattern of its channel knows it', async () => {
    const { say } = await pair(
      { 'private-{id}': { a: anything }, 'private-vip': { b: doubled } },
      'private-vip',
    )
    expect(await say('a', 1)).toEqual([{ op: 'ok', id: 1 }])
    expect(await say('b', 1)).toEqual([{ op: 'ok', id: 1 }])
    expect(await say('b', 'x')).toMatchObject([{ op: 'err', code: 'invalid' }])
    expect(await say('c', 1)).toMatchObject([{ op: 'err', code: 'unknown' }])
    expect(await say('__proto__', 1)).toMatchObject([{ op: 'err', code: 'unknown' }])
  })
})

describe('a message of one client to another under a contract', () => {
  it('is validated like all that comes in', async () => {
    const { visit } = testGateway({ contract: { direct: { note: doubled } }, directMessages: true })
    const [ann, ben] = [await visit(), await visit()]
    const send = (event: string, data: unknown): Promise<unknown[]> =>
      ann.ask({ op: 'send', id: 1, to: ben.client.id, event, data })
    expect(await send('note', 'x')).toMatchObject([{ op: 'err', id: 1, code: 'invalid' }])
    expect(await send('other', 1)).toMatchObject([{ op: 'err', id: 1, code: 'unknown' }])
    expect(await ben.heard()).toEqual([])
    expect(await send('note', 1)).toEqual([{ op: 'ok', id: 1 }])
    expect(await ben.heard()).toMatchObject([{ op: 'msg', event: 'note', data: 1 }])
  })
})

describe('without a contract', () => {
  it.each<[string, Contract | undefined]>([
    ['none at all', undefined],
    ['one that says nothing', {}],
    ['one of something else', { questions: {}, presence: {} }],
  ])('everything works, untyped: %s', async (_what, contract) => {
    const { gateway, visit } = testGateway({ contract, directMessages: true })
    gateway.on('echo', (_client, { data }) => data)
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'private-a', auth: 'ann' })
    expect(
      await ann.ask(
        call(1, 'echo', [1]),
        { op: 'pub', id: 2, channel: 'private-a', event: 'any', data: 1 },
        { op: 'send', id: 3, to: ann.client.id, event: 'any', data: 1 },
      ),
    ).toMatchObject([
      { op: 'ok', id: 1, data: [1] },
      { op: 'msg', event: 'any' },
      { op: 'ok', id: 3 },
      { op: 'ok', id: 2 },
    ])
  })
})

function explode(): never {
  throw new Error('password: hunter2')
}

describe('the info of members under a contract', () => {
  const presence = { 'presence-room.{id}': doubled }
  const who = { authenticate: byToken, authorize: () => true }
  const sub = (channel: string): object => ({ op: 'sub', id: 1, channel })

  it.each<[string, Partial<TestGatewayOptions>]>([
    ['presenceData', { presenceData: () => 21 }],
    ['authorize', { authorize: () => ({ allowed: true, member: { id: 'ann', info: 21 } }) }],
  ])('is as its schema gave it back, when it comes from %s', async (_where, options) => {
    const { visit, hub } = testGateway({ contract: { presence }, hub: NO_AUTHORIZER, ...who, ...options })
    const ann = await visit(bearer('ann'))
    await ann.ask(sub('presence-room.7'), { ...sub('presence-other'), id: 2 })
    expect(hub.presence('presence-room.7')).toEqual([{ id: 'ann', info: 42 }])
    expect(hub.presence('presence-other')).toEqual([{ id: 'ann', info: 21 }])
  })

  it('that is wrong is the fault of the server: the operator is told what, the client not', async () => {
    const { visit, hub, errors } = testGateway({
      ...who,
      contract: { presence: { 'presence-room.{id}': schema(() => refused('no name', ['name'])) } },
      hub: NO_AUTHORIZER,
      presenceData: () => ({}),
    })
    const ann = await visit(bearer('ann'))
    const [answer] = await ann.ask(sub('presence-room.7'))
    expect(answer).toMatchObject({ op: 'err', id: 1, code: 'internal' })
    expect(JSON.stringify(answer)).not.toContain('name')
    expect(errors).toMatchObject([{ where: 'authorizer', error: { message: 'name: no name' } }])
    expect(hub.channels()).toEqual([])
  })
})

describe('a message that the contract does not have', () => {
  it('counts as unknown, though there is a catch-all', async () => {
    const { visit, gateway } = agreed({ messages: { double: { data: doubled } } })
    const ann = await visit()
    expect(await ann.ask(call(1, 'treble', 1))).toMatchObject([{ op: 'err', id: 1, code: 'unknown' }])
    expect(gateway.stats()).toMatchObject({ unknown: 1, refusals: { unknown: 1 } })
  })
})
