import {
  type Broadcast,
  closeCode,
  type Command,
  OptionError,
  Payload,
  type RosterView,
  type Unicast,
  velocity,
  type VelocityOptions,
  type Why,
} from '@fanfare/core'
import { describe, expect, it } from 'vitest'
import { rosterOf, sharedText } from '../contracts/protocol-samples.ts'

const KEYS = ['type', 'event'] as const
type Key = (typeof KEYS)[number]

const NOW_MS = 1_700_000_000_999
const NOW_S = 1_700_000_000
const decode = (key: Key, data: string | Uint8Array): readonly Command[] =>
  velocity({ key }).decode(data, undefined)

describe('velocity()', () => {
  it.each(KEYS)('is one object for the key %s, and nobody can change it', (key) => {
    const protocol = velocity({ key })
    expect(velocity({ key })).toBe(protocol)
    expect(protocol.name).toBe(`velocity-${key}`)
    expect(Object.isFrozen(protocol)).toBe(true)
    expect(Object.isFrozen(protocol.traits)).toBe(true)
    expect(Object.isFrozen(protocol.traits.presence)).toBe(true)
  })

  it('is another object for the other key, and for another clock', () => {
    expect(velocity({ key: 'type' })).not.toBe(velocity({ key: 'event' }))
    const now = (): number => 0
    expect(velocity({ key: 'type', now })).not.toBe(velocity({ key: 'type' }))
    expect(velocity({ key: 'type' })).toBe(velocity({ key: 'type' }))
  })

  it.each([{}, { key: 'name' }, { key: 'type', nwo: () => 0 }])('does not take %j', (options) => {
    expect(() => velocity(options as VelocityOptions)).toThrow(OptionError)
  })

  it('greets, expects nothing first, and says in a message what was lost', () => {
    const protocol = velocity({ key: 'type' })
    expect(protocol.open({} as never)).toEqual({ scratch: { last: undefined }, greet: true })
    expect(protocol.traits).toEqual({
      presence: { joinToSelf: false, selfInRoster: true },
      gap: 'frame',
      firstMessage: 'optional',
    })
  })
})

/** Name, data as JSON text, other members as JSON text, and what it becomes. */
const INBOUND: [name: string, data: string | undefined, rest: string, command: Command][] = [
  ['subscribe', '{"channel":"orders"}', '', { do: 'subscribe', ref: 'subscribe', channel: 'orders' }],
  [
    'subscribe',
    '{"channel":"private-user.123","auth":"tok"}',
    '',
    { do: 'subscribe', ref: 'subscribe', channel: 'private-user.123', credentials: 'tok' },
  ],
  [
    'subscribe',
    '{"auth":null,"channel":"c"}',
    '',
    { do: 'subscribe', ref: 'subscribe', channel: 'c', credentials: null },
  ],
  ['unsubscribe', '{"channel":"orders"}', '', { do: 'unsubscribe', ref: 'unsubscribe', channel: 'orders' }],
  ['authenticate', '{"token":"tok"}', '', { do: 'auth', ref: 'authenticate', credentials: 'tok' }],
  ['authenticate', '{"token":null}', '', { do: 'auth', ref: 'authenticate', credentials: null }],
  [
    'client-event',
    '{"channel":"private-a","event":"typing","data":{"on": true}}',
    '',
    { do: 'publish', ref: 'client-event', channel: 'private-a', event: 'typing', data: json('{"on": true}') },
  ],
  [
    'client-event',
    '{"channel":"c","event":"e"}',
    '',
    { do: 'publish', ref: 'client-event', channel: 'c', event: 'e', data: json('null') },
  ],
  ['ping', '{}', '', { do: 'ping', ref: 'ping' }],
  ['ping', undefined, '', { do: 'ping', ref: 'ping' }],
  ['pong', '{"timestamp":1}', '', { do: 'pong' }],
  ['chat', '{"text" : "hi"}', '', call('chat', '{"text" : "hi"}')],
  ['join', '{"room":"lobby"}', '', call('join', '{"room":"lobby"}')],
  ['join_room', '{"room":"general"}', '', call('join_room', '{"room":"general"}')],
  ['chat_message', '"hi"', ',"target":""', call('chat_message', '"hi"')],
  ['chat_message', '0', ',"target":null', call('chat_message', '0')],
  ['toString', 'false', '', call('toString', 'false')],
  // Who it comes from is not for the client to say, and there are no correlation ids.
  ['chat', '1', ',"from":"1.1","id":7', call('chat', '1')],
  [
    'notification',
    '{"title":"hi"}',
    ',"target":"1.2"',
    {
      do: 'send',
      ref: 'notification',
      to: { client: '1.2' },
      event: 'notification',
      data: json('{"title":"hi"}'),
    },
  ],
  // Also when the name is one that the gateway would understand.
  [
    'subscribe',
    undefined,
    ',"target":"1.2"',
    { do: 'send', ref: 'subscribe', to: { client: '1.2' }, event: 'subscribe', data: json('null') },
  ],
]

const INVALID: [what: string, name: string | undefined, members: string, detail: string][] = [
  ['no data', 'subscribe', '', 'Message data is required'],
  ['null for data', 'subscribe', '"data":null', 'Message data is required'],
  ['a list for data', 'subscribe', '"data":["c"]', 'data: not a JSON object'],
  ['text for data', 'subscribe', '"data":"{}"', 'data: not a JSON object'],
  ['no channel', 'subscribe', '"data":{}', 'channel is a string'],
  ['a number for a channel', 'subscribe', '"data":{"channel":1}', 'channel is a string'],
  ['credentials that are none', 'subscribe', '"data":{"channel":"c","auth":tru}', 'not JSON'],
  ['no channel', 'unsubscribe', '"data":{"channel":null}', 'channel is a string'],
  ['no token', 'authenticate', '"data":{}', 'token is missing'],
  ['no channel', 'client-event', '"data":{"event":"e"}', 'channel is a string'],
  ['no event', 'client-event', '"data":{"channel":"c"}', 'event is a string'],
  ['an empty event', 'client-event', '"data":{"channel":"c","event":""}', 'event is not empty'],
  ['data that is none', 'client-event', '"data":{"channel":"c","event":"e","data":x}', 'data is not JSON'],
  ['data that is none', 'hi', '"target":"1.2","data":[1 2]', 'data is not JSON'],
  ['a number for a target', 'hi', '"target":1,"data":1', 'target is the id of a client'],
  ['a target that is none', 'hi', '"target":x,"data":1', 'not JSON'],
]

describe.each(KEYS)('a message in the dialect %s', (key) => {
  const other: Key = key === 'type' ? 'event' : 'type'

  it.each(INBOUND)('%s %s%s', (name, data, rest, command) => {
    const members = `${data === undefined ? '' : `,"data":${data}`}${rest}`
    expect(decode(key, `{"${key}":"${name}"${members}}`)).toEqual([command])
    expect(decode(key, `{"${other}":"${name}"${members}}`)).toEqual([command])
    expect(decode(key, ` { ${members.slice(1)}${members && ','} "${other}" : "${name}" } `)).toEqual([
      command,
    ])
  })

  it('has the name that the dialect looks for first', () => {
    expect(decode(key, `{"${other}":"b","${key}":"a","data":1}`)).toEqual([call('a', '1')])
    for (const none of ['null', '""', '7', '{}'])
      expect(decode(key, `{"${other}":"b","${key}":${none},"data":1}`)).toEqual([call('b', '1')])
  })

  it.each(['{}', '{"data":1}', '{"type":"","event":null}', '{"type":1,"event":["ping"]}', '{"op":"ping"}'])(
    '%s has no name',
    (text) => {
      expect(decode(key, text)).toEqual([
        { do: 'reject', ref: undefined, why: 'unknown', detail: 'Event name is required' },
      ])
    },
  )

  it.each(INVALID)('with %s: %s {%s}', (_what, name, members, detail) => {
    const text = `{"${key}":"${name}"${members && ','}${members}}`
    expect(decode(key, text)).toEqual([{ do: 'reject', ref: name, why: 'bad-frame', detail }])
  })

  it.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'not a JSON object'],
    ['a list', '[]', 'not a JSON object'],
    ['text', 'hello', 'not a JSON object'],
    ['two', '{}{}', 'more than one JSON value'],
    ['bytes', new TextEncoder().encode('{"type":"ping"}'), 'binary messages are not understood here'],
    ['too deep', `{"type":"chat","data":${'['.repeat(32)}${']'.repeat(32)}}`, 'deeper than 32 levels'],
  ])('that is %s is none', (_what, data, detail) => {
    expect(decode(key, data)).toEqual([{ do: 'reject', why: 'bad-frame', detail }])
  })

  it('may be as deep as the scanner allows', () => {
    const data = `${'['.repeat(31)}${']'.repeat(31)}`
    expect(decode(key, `{"type":"chat","data":${data}}`)).toEqual([call('chat', data)])
  })

  it('keeps its data byte for byte', () => {
    const data = '{"n" :1.0,  "e":1e5, "s":"\\u00e9","dup":1,"dup":2}'
    for (const text of [
      `{"type":"chat","data":${data}}`,
      `{"data": ${data} ,"event":"chat","target":"1.2"}`,
      `{"type":"client-event","data":{"channel":"c","event":"e","data":  ${data}}}`,
    ]) {
      expect(decode(key, text)).toEqual([
        expect.objectContaining({ data: expect.objectContaining({ data }) }),
      ])
    }
  })
})

describe('a message without data', () => {
  it('is a mistake where the name is in `event`, as its documentation has it', () => {
    for (const text of ['{"event":"leave"}', '{"event":"leave","data":null}', '{"type":"leave"}'])
      expect(decode('event', text)).toEqual([
        { do: 'reject', ref: 'leave', why: 'bad-frame', detail: 'Message data is required' },
      ])
  })

  it('brings null where the name is in `type`', () => {
    for (const text of ['{"type":"leave"}', '{"type":"leave","data":null}', '{"event":"leave"}'])
      expect(decode('type', text)).toEqual([call('leave', 'null')])
  })
})

const ann = { id: 'ann', info: '{"name":"Ann"}' }
const seven = { id: 7 }

const TOLD: [on: string, event: Unicast, ...messages: [name: string, data: object][]][] = [
  [
    'open',
    { on: 'open', client: '1.2', heartbeatMs: 25_000 },
    ['welcome', { id: '1.2', client_id: '1.2', message: 'connected', version: '1.0.0' }],
  ],
  ['authed', { on: 'authed', ref: 'authenticate', user: 'ann' }, ['authenticated', { user: 'ann' }]],
  ['authed', { on: 'authed' }, ['authenticated', {}]],
  [
    'subscribed',
    { on: 'subscribed', ref: 'subscribe', channel: 'c', again: false },
    ['subscription_succeeded', { channel: 'c' }],
  ],
  [
    'subscribed again',
    { on: 'subscribed', channel: 'c', again: true },
    ['subscription_succeeded', { channel: 'c' }],
  ],
  [
    'subscribed with a roster',
    { on: 'subscribed', channel: 'presence-c', again: false, me: ann, roster: rosterOf(ann, seven) },
    ['subscription_succeeded', { channel: 'presence-c' }],
    [
      'presence:subscription_succeeded',
      { channel: 'presence-c', members: [{ id: 'ann', info: { name: 'Ann' } }, { id: 7 }] },
    ],
  ],
  [
    'unsubscribed',
    { on: 'unsubscribed', ref: 'unsubscribe', channel: 'c' },
    ['unsubscription_succeeded', { channel: 'c' }],
  ],
  [
    'unsubscribed by the server',
    { on: 'unsubscribed', channel: 'c', why: 'not-found' },
    ['unsubscription_succeeded', { channel: 'c', code: 'NOT_FOUND' }],
  ],
  [
    'expiring',
    { on: 'expiring', channel: 'c', inMs: 30_000 },
    ['subscription_expiring', { channel: 'c', expires_in: 30_000_000_000 }],
  ],
  ['ping', { on: 'ping' }, ['ping', { timestamp: NOW_S }]],
  ['pong', { on: 'pong', ref: 'ping' }, ['pong', { timestamp: NOW_S }]],
  ['a reply', { on: 'reply', ref: 'chat', data: Payload.of(true) }],
  ['a reply', { on: 'reply' }],
  ['members', { on: 'members', channel: 'presence-c', roster: rosterOf(ann) }],
  ['a question', { on: 'ask', ref: 1, method: 'm', data: Payload.of(1) }],
]

type Failed = Omit<Extract<Unicast, { on: 'failed' }>, 'on'>

const FAILED: [failed: Failed, name: string, data: object][] = [
  [
    { what: 'reject', why: 'unknown', detail: 'Event name is required' },
    'error',
    { message: 'Event name is required', code: 'INVALID_EVENT' },
  ],
  [
    { ref: 'chat', what: 'reject', why: 'bad-frame', detail: 'Message data is required' },
    'error',
    { message: 'Message data is required', code: 'INVALID_DATA', event: 'chat' },
  ],
  [
    { ref: 'x', what: 'call', why: 'unknown', detail: 'nobody here handles that' },
    'error',
    { message: 'nobody here handles that', code: 'INVALID_EVENT', event: 'x' },
  ],
  [
    { ref: 'subscribe', what: 'subscribe', channel: 'a b', why: 'bad-name', detail: 'no' },
    'error',
    { message: 'no', code: 'BAD_NAME', event: 'subscribe', channel: 'a b' },
  ],
  [
    { ref: 'subscribe', what: 'subscribe', channel: 'private-a', why: 'unauthorized', detail: 'not allowed' },
    'error',
    { message: 'not allowed', code: 'UNAUTHORIZED', event: 'subscribe', channel: 'private-a' },
  ],
  [
    { ref: 'client-event', what: 'publish', channel: 'c', why: 'not-subscribed' },
    'error',
    { message: 'not subscribed', code: 'NOT_SUBSCRIBED', event: 'client-event', channel: 'c' },
  ],
  [
    { ref: 'purge', what: 'call', why: 'unauthorized', detail: 'Authentication required for this action' },
    'unauthorized',
    { message: 'Authentication required for this action', event: 'purge' },
  ],
  [
    { ref: 'purge', what: 'call', why: 'auth-expected' },
    'unauthorized',
    { message: 'Authentication token required', event: 'purge' },
  ],
  [
    { ref: 'purge', what: 'call', why: 'forbidden', detail: 'no' },
    'error',
    { message: 'no', code: 'FORBIDDEN', event: 'purge' },
  ],
  [
    { ref: 'authenticate', what: 'auth', why: 'unauthorized' },
    'auth_failed',
    { message: 'Invalid authentication token', code: 'UNAUTHORIZED' },
  ],
  [
    { ref: 'authenticate', what: 'auth', why: 'disabled', detail: 'not here' },
    'auth_failed',
    { message: 'not here', code: 'DISABLED' },
  ],
  [
    { ref: 'chat', what: 'call', why: 'rate', afterMs: 5_000 },
    'rate_limit_exceeded',
    { message: 'Too many messages, please slow down', retry_after: 5_000_000_000, event: 'chat' },
  ],
  [
    { ref: 'subscribe', what: 'subscribe', channel: 'c', why: 'rate', detail: 'slowly', afterMs: 0.2 },
    'rate_limit_exceeded',
    { message: 'slowly', retry_after: 1_000_000, event: 'subscribe', channel: 'c' },
  ],
  [{ what: 'auth', why: 'rate', detail: 'slowly' }, 'rate_limit_exceeded', { message: 'slowly' }],
]

describe.each(KEYS)('what a client of the dialect %s is told', (key) => {
  const protocol = velocity({ key, now: () => NOW_MS })
  const written = (name: string, data: object): string =>
    `{"${key}":"${name}","data":${JSON.stringify(data)}}`

  it.each(TOLD)('%s', (_on, event, ...messages) => {
    expect(protocol.unicast(event, undefined)).toEqual(messages.map(([name, data]) => written(name, data)))
  })

  it.each(FAILED)('when it failed: %j', (failed, name, data) => {
    expect(protocol.unicast({ on: 'failed', ...failed }, undefined)).toEqual([written(name, data)])
  })

  it('has whole seconds of the host when no clock is given', () => {
    const before = Math.floor(Date.now() / 1_000)
    const [pong] = velocity({ key }).unicast({ on: 'pong' }, undefined)
    const { timestamp } = (JSON.parse(pong as string) as { data: { timestamp: number } }).data
    expect(Number.isInteger(timestamp)).toBe(true)
    expect(timestamp).toBeGreaterThanOrEqual(before)
    expect(timestamp).toBeLessThanOrEqual(Date.now() / 1_000)
  })

  it.each<[string, Broadcast, string | undefined]>([
    [
      'a message, with its data as it is',
      { on: 'message', channel: 'orders', event: 'order.shipped', data: new Payload('{"id": 1.0}') },
      `{"${key}":"order.shipped","data":{"id": 1.0},"channel":"orders"}`,
    ],
    [
      'one for everybody',
      {
        on: 'message',
        event: 'chat',
        data: new Payload('{"text":"hi"}'),
        from: { client: '1.2', user: 'u' },
      },
      `{"${key}":"chat","data":{"text":"hi"},"from":"1.2"}`,
    ],
    [
      'one of a client in a channel',
      { on: 'message', channel: 'private-a', event: 'e', data: new Payload('1'), from: { client: '1.2' } },
      `{"${key}":"e","data":1,"from":"1.2","channel":"private-a"}`,
    ],
    [
      'one of a user who is no client',
      { on: 'message', event: 'e', data: new Payload('1'), from: { user: 'u' }, id: 'm1' },
      `{"${key}":"e","data":1}`,
    ],
    [
      'one without a name',
      { on: 'message', channel: 'c', data: new Payload('null'), from: {} },
      `{"${key}":"message","data":null,"channel":"c"}`,
    ],
    [
      'one that is no JSON',
      { on: 'message', event: 'announce', data: new Payload('say "hi"') },
      `{"${key}":"announce","data":"say \\"hi\\""}`,
    ],
    [
      'one with quotes in its name',
      { on: 'message', event: '","data":1,"x":"', data: new Payload('1') },
      `{"${key}":"\\",\\"data\\":1,\\"x\\":\\"","data":1}`,
    ],
    ['bytes', { on: 'message', channel: 'c', data: new Payload(new Uint8Array([1])) }, undefined],
    [
      'a join',
      { on: 'join', channel: 'presence-c', member: ann },
      written('presence:member_added', {
        channel: 'presence-c',
        member: { id: 'ann', info: { name: 'Ann' } },
      }),
    ],
    [
      'a leave',
      { on: 'leave', channel: 'presence-c', member: seven },
      written('presence:member_removed', { channel: 'presence-c', member: { id: 7 } }),
    ],
    [
      'a roster',
      { on: 'roster', channel: 'presence-c', roster: rosterOf(seven) },
      written('presence:subscription_succeeded', { channel: 'presence-c', members: [{ id: 7 }] }),
    ],
    [
      'an empty roster',
      { on: 'roster', channel: 'presence-c', roster: rosterOf() },
      written('presence:subscription_succeeded', { channel: 'presence-c', members: [] }),
    ],
    [
      'a gap',
      { on: 'gap', channel: 'c', count: 3, reason: 'slow' },
      written('messages_lost', { channel: 'c', count: 3, reason: 'slow' }),
    ],
    [
      'a gap in direct messages',
      { on: 'gap', count: 0, reason: 'bus' },
      written('messages_lost', { count: 0, reason: 'bus' }),
    ],
  ])('%s', (_what, event, message) => {
    expect(protocol.broadcast(event)).toBe(message)
  })

  it('has a roster made once for all who get it', () => {
    const shapes: string[] = []
    const view: RosterView = {
      members: [],
      text: () => '',
      list: (shape) => (shapes.push(shape), sharedText('1')),
    }
    expect(protocol.broadcast({ on: 'roster', channel: 'c', roster: view })).toContain('"members":[1]')
    expect(shapes).toHaveLength(1)
  })

  it.each<[Why, string | undefined, string, object]>([
    ['auth-expected', undefined, 'auth_required', { message: 'Authentication token required' }],
    [
      'unauthorized',
      undefined,
      'auth_failed',
      { message: 'Invalid authentication token', code: 'UNAUTHORIZED' },
    ],
    ['rate', undefined, 'rate_limit_exceeded', { message: 'Too many messages, please slow down' }],
    ['shutdown', undefined, 'error', { message: 'shutdown', code: 'SHUTDOWN' }],
    ['terminated', 'by "root"', 'error', { message: 'by "root"', code: 'TERMINATED' }],
    ['over-capacity', undefined, 'error', { message: 'over capacity', code: 'OVER_CAPACITY' }],
  ])('last, when it is closed: %s', (why, detail, name, data) => {
    expect(protocol.bye(why, undefined, detail)).toEqual({
      frames: [written(name, data)],
      code: closeCode(why),
      reason: why,
    })
  })

  it('is nothing when there is nothing to explain', () => {
    expect(protocol.bye('closed', undefined)).toEqual({ frames: [], code: 1000, reason: 'closed' })
  })
})

function call(method: string, data: string): Command {
  return { do: 'call', ref: method, method, data: new Payload(data) }
}

/** What goes to others was tested for being JSON, and remembers it. */
function json(text: string): Payload {
  const payload = new Payload(text)
  expect(payload.isJson).toBe(true)
  return payload
}
