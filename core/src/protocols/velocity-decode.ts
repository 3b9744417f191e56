import type { Command } from '../contract/protocol.ts'
import { JsonFault, type JsonMembers, scanJsonObject } from '../ground/json-scan.ts'
import { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import type { VelocityDialect } from './velocity-names.ts'

/** What is wrong with a message. Thrown only inside this file. */
class Wrong extends Error {
  readonly why: Why
  constructor(detail: string, why: Why = 'bad-frame') {
    super(detail)
    this.why = why
  }
}

/** @param name - its ref: the protocol has no correlation ids, but its errors repeat the name of what failed */
type Verb = (data: JsonMembers, name: string) => Command

/** The messages that are for the gateway itself. Their data is an object. */
const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  [
    'subscribe',
    (data, ref) => ({ do: 'subscribe', ref, channel: string(data, 'channel'), ...credentials(data) }),
  ],
  ['unsubscribe', (data, ref) => ({ do: 'unsubscribe', ref, channel: string(data, 'channel') })],
  ['authenticate', (data, ref) => ({ do: 'auth', ref, credentials: token(data) })],
  ['client-event', publish],
])

/** A message of the client becomes a command, or a rejection that says what is wrong. Never throws. */
export function decodeVelocity(data: string | Uint8Array, dialect: VelocityDialect): Command[] {
  if (typeof data !== 'string')
    return [{ do: 'reject', why: 'bad-frame', detail: 'binary messages are not understood here' }]
  const message = scanJsonObject(data)
  if (message instanceof JsonFault) return [{ do: 'reject', why: 'bad-frame', detail: message.detail }]
  let name: string | undefined
  try {
    name = nameOf(message, dialect.keys)
    return [command(name, message, dialect)]
  } catch (error) {
    const { why, message: detail } = error instanceof Wrong ? error : new Wrong('not JSON')
    return [{ do: 'reject', ref: name, why, detail }]
  }
}

function command(name: string, message: JsonMembers, { needsData }: VelocityDialect): Command {
  const target = targetOf(message)
  const text = message.text('data')
  const verb = VERBS.get(name)
  if (target !== undefined) return send(name, target, text)
  if (verb) return verb(membersOf(text), name)
  if (name === 'ping') return { do: 'ping', ref: name }
  if (name === 'pong') return { do: 'pong' }
  if (needsData) required(text)
  // Left unparsed: whoever looks at it parses it.
  return { do: 'call', ref: name, method: name, data: new Payload(text ?? 'null') }
}

function nameOf(message: JsonMembers, keys: readonly string[]): string {
  for (const key of keys) {
    const name = message.value(key)
    if (typeof name === 'string' && name !== '') return name
  }
  throw new Wrong('Event name is required', 'unknown')
}

/** Go leaves an empty target out, so an empty one is none. */
function targetOf(message: JsonMembers): string | undefined {
  const target = message.value('target') ?? ''
  if (typeof target !== 'string') throw new Wrong('target is the id of a client')
  return target === '' ? undefined : target
}

function send(name: string, client: string, text: string | undefined): Command {
  return { do: 'send', ref: name, to: { client }, event: name, data: forOthers(text) }
}

function publish(data: JsonMembers, ref: string): Command {
  const event = string(data, 'event')
  if (event === '') throw new Wrong('event is not empty')
  return { do: 'publish', ref, channel: string(data, 'channel'), event, data: forOthers(data.text('data')) }
}

/** What goes to others as it is has to be JSON. */
function forOthers(text: string | undefined): Payload {
  const payload = new Payload(text ?? 'null')
  if (!payload.isJson) throw new Wrong('data is not JSON')
  return payload
}

function membersOf(text: string | undefined): JsonMembers {
  const data = scanJsonObject(required(text))
  if (data instanceof JsonFault) throw new Wrong(`data: ${data.detail}`)
  return data
}

function required(text: string | undefined): string {
  if (text === undefined || text === 'null') throw new Wrong('Message data is required')
  return text
}

function string(data: JsonMembers, name: string): string {
  const value = data.value(name)
  if (typeof value === 'string') return value
  throw new Wrong(`${name} is a string`)
}

function credentials(data: JsonMembers): { credentials?: unknown } {
  const auth = data.value('auth')
  return auth === undefined ? {} : { credentials: auth }
}

/** A page that has no token sends `null`: that is for whoever checks tokens to refuse. */
function token(data: JsonMembers): unknown {
  const value = data.value('token')
  if (value === undefined) throw new Wrong('token is missing')
  return value
}
