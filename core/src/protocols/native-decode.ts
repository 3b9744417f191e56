import type { Origin } from '../contract/message.ts'
import type { Command, Ref } from '../contract/protocol.ts'
import { JsonFault, type JsonMembers, scanJsonObject } from '../ground/json-scan.ts'
import { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import { usualCall } from './native-call.ts'

/** The version of the protocol that `hello` may ask for. */
const VERSION = 1
const MAX_REF_LENGTH = 64

/** What is wrong with a frame. Thrown only inside this file. */
class Wrong extends Error {
  readonly why: Why
  constructor(detail: string, why: Why = 'bad-frame') {
    super(detail)
    this.why = why
  }
}

type Verb = (frame: JsonMembers, ref: Ref | undefined) => Command[]

const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['hello', hello],
  ['auth', (frame, ref) => [{ do: 'auth', ref, credentials: frame.value('token') }]],
  [
    'sub',
    (frame, ref) => [{ do: 'subscribe', ref, channel: string(frame, 'channel'), ...credentials(frame) }],
  ],
  ['unsub', (frame, ref) => [{ do: 'unsubscribe', ref, channel: string(frame, 'channel') }]],
  ['pub', publish],
  ['send', send],
  ['answer', answer],
  ['call', (frame, ref) => [{ do: 'call', ref, method: string(frame, 'method'), data: payload(frame) }]],
  ['who', (frame, ref) => [{ do: 'members', ref, channel: string(frame, 'channel') }]],
  ['ping', (_frame, ref) => [{ do: 'ping', ref }]],
  ['pong', () => [{ do: 'pong' }]],
])

/** A frame of the client becomes commands, or one rejection that names what is wrong. Never throws. */
export function decodeNative(data: string | Uint8Array): Command[] {
  if (typeof data !== 'string')
    return [reject(undefined, 'bad-frame', 'binary frames are not understood here')]
  const call = usualCall(data)
  return call ? [call] : scanned(data)
}

/** Any frame, whatever is in it. */
function scanned(data: string): Command[] {
  const frame = scanJsonObject(data)
  if (frame instanceof JsonFault) return [reject(undefined, 'bad-frame', frame.detail)]
  let ref: Ref | undefined
  try {
    ref = refOf(frame)
    const op = string(frame, 'op')
    const verb = VERBS.get(op)
    if (!verb) throw new Wrong('there is no such op', 'unknown')
    return verb(frame, ref)
  } catch (error) {
    const wrong = error instanceof Wrong ? error : new Wrong('not JSON')
    return [reject(ref, wrong.why, wrong.message)]
  }
}

function hello(frame: JsonMembers, ref: Ref | undefined): Command[] {
  const version = frame.value('v') ?? VERSION
  if (version !== VERSION) {
    return [{ ...reject(ref, 'bad-version', `this server speaks version ${String(VERSION)}`), close: true }]
  }
  const token = frame.value('token')
  return token === undefined ? [] : [{ do: 'auth', ref, credentials: token }]
}

function publish(frame: JsonMembers, ref: Ref | undefined): Command[] {
  const data = payload(frame)
  // It goes to others as it is, so it has to be JSON.
  if (!data.isJson) throw new Wrong('data is not JSON')
  const echo = frame.value('echo') === true
  return [
    { do: 'publish', ref, channel: string(frame, 'channel'), event: string(frame, 'event'), data, echo },
  ]
}

/** `to` is a client's id, or `{user}`. */
function send(frame: JsonMembers, ref: Ref | undefined): Command[] {
  const data = payload(frame)
  if (!data.isJson) throw new Wrong('data is not JSON')
  const to = frame.value('to')
  const origin = typeof to === 'string' ? { client: to } : userOf(to)
  return [{ do: 'send', ref, to: origin, event: string(frame, 'event'), data }]
}

function userOf(to: unknown): Origin {
  const user = typeof to === 'object' && to !== null ? (to as { user?: unknown }).user : undefined
  if (typeof user === 'string') return { user }
  throw new Wrong('to is the id of a client, or { user }')
}

function answer(frame: JsonMembers, ref: Ref | undefined): Command[] {
  if (ref === undefined) throw new Wrong('id is that of the question')
  const error = frame.value('error')
  return typeof error === 'string'
    ? [{ do: 'answer', ref, error }]
    : [{ do: 'answer', ref, data: payload(frame) }]
}

function string(frame: JsonMembers, name: string): string {
  const value = frame.value(name)
  if (typeof value === 'string') return value
  throw new Wrong(`${name} is a string`)
}

/** Left unparsed: whoever looks at it parses it. */
function payload(frame: JsonMembers): Payload {
  return new Payload(frame.text('data') ?? 'null')
}

function credentials(frame: JsonMembers): { credentials?: unknown } {
  const auth = frame.value('auth')
  return auth === undefined ? {} : { credentials: auth }
}

function refOf(frame: JsonMembers): Ref | undefined {
  const id = frame.value('id')
  if (id === undefined) return undefined
  // A greater number may come out of JSON.parse as another one, and the client would not know its answer.
  if (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER) return id
  if (typeof id === 'string' && id.length <= MAX_REF_LENGTH) return id
  throw new Wrong(`id is a number below 2^53, or a string of at most ${String(MAX_REF_LENGTH)} characters`)
}

function reject(ref: Ref | undefined, why: Why, detail: string): Command & { do: 'reject' } {
  return { do: 'reject', ref, why, detail }
}
