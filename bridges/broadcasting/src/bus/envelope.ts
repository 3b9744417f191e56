import { FanfareError } from '@fanfare/core/contract'

import { fromBase64, toBase64 } from '../base64.ts'
import type { Event } from '../event.ts'
import { partsFault, payloadFault } from '../event-fault.ts'
import { nameOnBus } from './partition.ts'
import type { Seal } from './seal.ts'

/** An event as it travels: who sent it, where it stands among what was sent, and until when it is worth anything. */
export interface Letter {
  readonly event: Event
  /** The incarnation of the sending driver. */
  readonly origin: string
  /** Grows with every event that this origin sends, on whatever channel. */
  readonly sequence: number
  /** The sequence of what this origin sent on the same channel before; 0 when it does not know. */
  readonly previous: number
  /** Milliseconds since 1970, by the sender's clock: whoever gets it later discards it. */
  readonly deadline: number
}

/**
 * Why a text cannot be read: it has no valid signature, is of a version that we do not speak, has to be understood in a way that we do not, has a number
 * that no sender comes to, or is nothing that makes sense.
 */
export type LetterFault = 'unsigned' | 'unknownVersion' | 'notUnderstood' | 'implausible' | 'malformed'

const VERSION = 'fanfare/1 '
const ANY_VERSION = /^fanfare\/\d+ /
/** The part before the payload holds names and ids; this is room for some thousand of them. */
const MAX_HEADER_CHARS = 65_536

/** At a thousand a millisecond, it takes nine years. */
const MAX_SEQUENCE = 2 ** 48

/**
 * The header as it is written: short names, since it goes with every event. It grows by keys, never by version: those that are
 * unknown are ignored, unless `m` says that they must not be. The signature, `g`, comes last.
 *
 * Reserved, and ignored so far: `at` (its position in a log), `xs` (sessions that shall not get it), `ik` (an idempotency key),
 * `tp` (traceparent), `t` (the time of its publishing), `tags`.
 */
interface Header {
  readonly o: string
  readonly s: number
  readonly p: number
  readonly d: number
  readonly n?: string | undefined
  readonly x?: readonly string[] | undefined
  readonly c?: string | undefined
  readonly u?: string | undefined
  readonly k?: string | undefined
  readonly i?: string | undefined
  /** The number of the hub's node. */
  readonly h?: string | undefined
  /** Keys without which the letter is misunderstood: whoever does not know one of them tells a gap. */
  readonly m?: readonly string[] | undefined
  /** The signature of whoever has the secret. Always the last. */
  readonly g?: string | undefined
  /** 1: the payload is bytes, in base64. */
  readonly b?: 1 | undefined
}

/** Those that this release understands. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  'o',
  's',
  'p',
  'd',
  'n',
  'x',
  'c',
  'u',
  'k',
  'i',
  'h',
  'm',
  'b',
  'g',
])

/** With what letters are signed: all of one prefix alike. */
export interface Signing {
  readonly prefix: string
  readonly seal: Seal | undefined
}

/**
 * A letter as text: the version, a header in JSON, a line feed, and the payload as it is.
 *
 * @throws FanfareError `too-large`
 */
export function encodeLetter(letter: Letter, { prefix, seal }: Signing): string {
  const { event, origin, sequence, previous, deadline } = letter
  const { name, except, from, key, id, node, payload } = event
  const binary = typeof payload !== 'string'
  const header: Header = {
    o: origin,
    s: sequence,
    p: previous,
    d: deadline,
    n: name,
    x: except && except.length > 0 ? except : undefined,
    c: from?.client,
    u: from?.user,
    k: key,
    i: id,
    h: node,
    b: binary ? 1 : undefined,
  }
  const head = JSON.stringify(header)
  if (head.length > MAX_HEADER_CHARS) {
    throw new FanfareError('too-large', 'the names and ids of an event take 64 KiB at most')
  }
  const body = binary ? toBase64(payload) : payload
  const signed = seal ? seal.sign(nameOnBus(prefix, event.channel), VERSION, head, body) : head
  return `${VERSION}${signed}\n${body}`
}

/** What `text`, which came on `channel`, says. Never throws. */
export function decodeLetter(channel: string, text: string, { prefix, seal }: Signing): Letter | LetterFault {
  if (!text.startsWith(VERSION)) return ANY_VERSION.test(text.slice(0, 32)) ? 'unknownVersion' : 'malformed'
  const end = text.indexOf('\n', VERSION.length)
  if (end === -1 || end - VERSION.length > MAX_HEADER_CHARS) return seal ? 'unsigned' : 'malformed'
  const head = text.slice(VERSION.length, end)
  const body = text.slice(end + 1)
  if (seal && !seal.verify(nameOnBus(prefix, channel), VERSION, head, body)) return 'unsigned'
  return letterOf(channel, parsed(head), body)
}

function letterOf(channel: string, header: Header | undefined, body: string): Letter | LetterFault {
  if (!header) return 'malformed'
  if (header.m?.some((key) => !UNDERSTOOD.has(key))) return 'notUnderstood'
  if (header.s > MAX_SEQUENCE) return 'implausible'
  const payload = header.b === 1 ? fromBase64(body) : body
  const event = payload === undefined ? undefined : eventOf(channel, header, payload)
  if (!event || payloadFault(payload)) return 'malformed'
  return { event, origin: header.o, sequence: header.s, previous: header.p, deadline: header.d }
}

function parsed(text: string): Header | undefined {
  let header: Partial<Record<keyof Header, unknown>>
  try {
    header = JSON.parse(text) as typeof header
  } catch {
    return undefined
  }
  if (typeof header !== 'object' || header === null) return undefined
  return isNumbered(header) && isList(header.m) ? (header as Header) : undefined
}

/** Only what we know is taken over: nothing else that stands in the header travels further. */
function eventOf(
  channel: string,
  { n, x, c, u, k, i, h }: Header,
  payload: Event['payload'],
): Event | undefined {
  const from = c === undefined && u === undefined ? undefined : { client: c, user: u }
  const event: Event = { channel, name: n, payload, except: x, from, key: k, id: i, node: h }
  return partsFault(event) ? undefined : event
}

function isNumbered({ o, s, p, d }: Partial<Record<keyof Header, unknown>>): boolean {
  const named = typeof o === 'string' && o !== '' && o.length <= 64
  return named && isCount(s) && isCount(p) && isCount(d) && p < s
}

function isList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((key) => typeof key === 'string'))
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
