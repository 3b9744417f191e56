import { type Broadcast, type Command, Payload, type Unicast, velocity, type Why } from '@fanfare/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { rosterOf } from '../contracts/protocol-samples.ts'

const KEYS = ['type', 'event'] as const

const RESERVED = [
  'welcome',
  'authenticated',
  'auth_required',
  'auth_failed',
  'unauthorized',
  'subscription_succeeded',
  'subscription_expiring',
  'unsubscription_succeeded',
  'messages_lost',
  'error',
  'rate_limit_exceeded',
  'ping',
  'pong',
  'presence:subscription_succeeded',
  'presence:member_added',
  'presence:member_removed',
  'presence:',
  'presence:anything',
]

const NAMES = ['subscribe', 'unsubscribe', 'authenticate', 'client-event', 'ping', 'pong', 'chat']

const HOSTILE: Readonly<Record<string, string>> = {
  null: 'null',
  'a number': '0',
  'a boolean': 'true',
  'a list': '["c"]',
  'an object': '{"toString":"c"}',
  'a prototype': '{"__proto__":{"type":"subscribe"}}',
  'no JSON': 'undefined',
  'a brace too many': '{"a":{}}}',
  'half a member': '{"channel"}',
  'huge text': `"${'x'.repeat(50_000)}"`,
  'a huge list': `[${'0,'.repeat(10_000)}0]`,
  'a huge number': '9'.repeat(10_000),
}

describe.each(KEYS)('a hostile message in the dialect %s', (key) => {
  const protocol = velocity({ key })
  const decode = (data: string | Uint8Array): readonly Command[] => protocol.decode(data, undefined)

  describe.each(NAMES)('%s', (name) => {
    it.each(Object.entries(HOSTILE))('with %s somewhere', (_what, value) => {
      const data = { channel: '"c"', auth: '"t"', token: '"t"', event: '"e"', data: '1' }
      const outside = ['data', 'target', 'from', 'type', 'event', 'x'].map(
        (member) => `{"type":"${name}","data":{},"event":"${name}","${member}":${value}}`,
      )
      const inside = Object.keys(data).map((member) => {
        const members = Object.entries({ ...data, [member]: value }).map(([at, text]) => `"${at}":${text}`)
        return `{"type":"${name}","data":{${members.join(',')}}}`
      })
      for (const text of [...outside, ...inside]) expect(faults(decode(text))).toEqual([])
    })
  })

  it('cannot pollute anything', () => {
    const [command] = decode(
      '{"type":"subscribe","data":{"channel":"c","auth":{"__proto__":{"admin":true}}}}',
    )
    const { credentials } = command as { credentials: object }
    expect(Object.getPrototypeOf(credentials)).toBe(Object.prototype)
    expect('admin' in credentials).toBe(false)
    expect(decode('{"__proto__":{"type":"ping"}}')).toMatchObject([{ do: 'reject', why: 'unknown' }])
  })

  it('may be any text or bytes: it becomes at least one command, and all of them are sound', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('c', 1, '', null))
    const member = fc.option(value, { nil: undefined })
    const name = fc.oneof(fc.constantFrom(...NAMES, ...RESERVED), member)
    const inner = fc.record({ channel: member, event: member, data: member, auth: member, token: member })
    const almost = fc
      .record({ type: name, event: name, data: fc.oneof(inner, member), target: member, from: member })
      .map((message) => JSON.stringify(message))
    const broken = fc
      .tuple(almost, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([text, at, more]) => text.slice(0, at % text.length) + more + text.slice((at % text.length) + 1))
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), almost, broken, fc.uint8Array())
    fc.assert(
      fc.property(anything, (data) => {
        expect(faults(decode(data))).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })
})

describe.each(KEYS)('whatever is published, in the dialect %s,', (key) => {
  const protocol = velocity({ key })
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constantFrom(...RESERVED, '","type":"error","x":"', '"}{"type":"error"}', '\u2028', '\\', '"'),
  )
  const maybe = fc.option(text, { nil: undefined })
  const origin = fc.option(fc.record({ client: maybe, user: maybe }), { nil: undefined })

  it('has exactly the members that were given, and no name of the protocol unless the server sent it', () => {
    fc.assert(
      fc.property(maybe, maybe, text, origin, (channel, event, data, from) => {
        const message = protocol.broadcast({ on: 'message', channel, event, data: new Payload(data), from })
        const name = event ?? 'message'
        const poses = RESERVED.includes(name) || name.startsWith('presence:')
        const refused = poses && (from?.client ?? from?.user) !== undefined
        const expected = { [key]: name, data: valueOf(data), from: from?.client, channel }
        expect(message && Object.entries(JSON.parse(message as string) as object)).toEqual(
          refused ? undefined : Object.entries(expected).filter(([, value]) => value !== undefined),
        )
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(RESERVED)('cannot pose as %s', (event) => {
    const message = (from: { client?: string; user?: string } | undefined): unknown =>
      protocol.broadcast({ on: 'message', channel: 'presence-c', event, data: new Payload('{}'), from })
    expect(message({ client: '1.2' })).toBeUndefined()
    expect(message({ user: 'ann' })).toBeUndefined()
    const own = `{"${key}":"${event}","data":{},"channel":"presence-c"}`
    expect([message(undefined), message({})]).toEqual([own, own])
  })

  it('may have a name that only looks like one of the protocol', () => {
    for (const event of [
      'Welcome',
      'error ',
      ' error',
      'presence',
      'errors',
      'presence-member_added',
      'subscribe',
    ])
      expect(
        protocol.broadcast({ on: 'message', event, data: new Payload('1'), from: { client: '1.2' } }),
      ).toBe(`{"${key}":"${event}","data":1,"from":"1.2"}`)
  })
})

describe('every message of the protocol itself', () => {
  const member = { id: 1 }
  const roster = rosterOf()
  const unicasts: readonly Unicast[] = [
    { on: 'open', client: '1.2', heartbeatMs: 1 },
    { on: 'authed' },
    { on: 'subscribed', channel: 'c', again: false, roster },
    { on: 'unsubscribed', channel: 'c' },
    { on: 'expiring', channel: 'c', inMs: 1 },
    { on: 'failed', what: 'call', why: 'rate' },
    { on: 'failed', what: 'call', why: 'unauthorized' },
    { on: 'failed', what: 'call', why: 'unknown' },
    { on: 'failed', what: 'auth', why: 'unauthorized' },
    { on: 'ping' },
    { on: 'pong' },
  ]
  const broadcasts: readonly Broadcast[] = [
    { on: 'join', channel: 'c', member },
    { on: 'leave', channel: 'c', member },
    { on: 'roster', channel: 'c', roster },
    { on: 'gap', count: 1, reason: 'slow' },
  ]
  const ends: readonly Why[] = ['auth-expected', 'unauthorized', 'rate', 'shutdown']

  it('has a name that clients cannot publish', () => {
    const protocol = velocity({ key: 'type' })
    const written = [
      ...unicasts.flatMap((event) => protocol.unicast(event, undefined)),
      ...broadcasts.map((event) => protocol.broadcast(event)),
      ...ends.flatMap((why) => protocol.bye(why, undefined).frames),
    ]
    const names = new Set(written.map((text) => (JSON.parse(text as string) as { type: string }).type))
    expect([...names].filter((name) => !RESERVED.includes(name))).toEqual([])
    expect([...names].sort()).toEqual(RESERVED.filter((name) => !/presence:(anything)?$/.test(name)).sort())
  })
})

/** Where commands are not what the gateway may rely on. */
function faults(commands: readonly Command[]): string[] {
  const [command, ...others] = commands
  if (!command || others.length > 0) return [`${String(commands.length)} commands`]
  const members = command as unknown as Record<string, unknown>
  const wrong = ['channel', 'event', 'method', 'detail', 'ref'].filter(
    (name) => members[name] !== undefined && typeof members[name] !== 'string',
  )
  if (command.do === 'send' && !command.to.client) wrong.push('to')
  if ((command.do === 'publish' || command.do === 'send') && !command.data.isJson) wrong.push('data')
  return wrong
}

function valueOf(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
