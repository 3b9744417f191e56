import type { Handshake } from '../contract/conn.ts'
import { OptionError } from '../ground/errors.ts'
import { knownOptions, wholeFrom } from '../ground/options.ts'
import { freshText } from '../ground/own-text.ts'
import type { SharedTexts } from './shared-texts.ts'

/** What of a handshake says who somebody is, or is as large as a request. */
export type HandshakeSecret = (typeof SECRETS)[number]

const SECRETS = ['cookie', 'authorization', 'proxy-authorization', 'token', 'request'] as const

/** What is kept of a handshake for as long as its client is there. */
export interface KeptHandshakeOptions {
  /**
   * How much is kept of its headers and its query, in bytes. A header that does not fit in is left out, and so is a query.
   *
   * @defaultValue `4_096` bytes
   */
  readonly bytes?: number | undefined
  /**
   * What is kept of that which is let go otherwise as soon as the client is let in: the headers `cookie`, `authorization`
   * and `proxy-authorization`; the `token` of the query and of the subprotocols; the `request` of Fastify.
   *
   * @defaultValue `[]`
   */
  readonly secrets?: readonly HandshakeSecret[] | undefined
}

/** The options, checked and complete. */
export interface KeptHandshakeSettings {
  readonly bytes: number
  readonly secrets: ReadonlySet<string>
}

/** @throws OptionError when an option is unknown or has a wrong value */
export function keptHandshakeSettings(options: KeptHandshakeOptions): KeptHandshakeSettings {
  knownOptions('keptHandshake', options, ['bytes', 'secrets'])
  const { bytes = 4_096, secrets = [] } = options
  wholeFrom('keptHandshake.bytes', bytes, 0)
  for (const secret of secrets) {
    if (!SECRETS.includes(secret)) {
      throw new OptionError('keptHandshake.secrets', `a list of ${SECRETS.join(', ')}`, secret)
    }
  }
  return { bytes, secrets: new Set(secrets) }
}

/** What a connection is made with means nothing once it is made. */
const MECHANICS = /^(?:connection|upgrade|sec-websocket-\w+|content-length|transfer-encoding|keep-alive)$/
const PERSONAL: ReadonlySet<string> = new Set(['cookie', 'authorization', 'proxy-authorization'])
/** Headers that many clients have the same, and in which nothing is said of who somebody is. */
const IMPERSONAL = /^(?:host|user-agent|origin|pragma|cache-control|accept(?:-[a-z]+)?|sec-fetch-[a-z]+|dnt)$/

const USUAL = [
  'host',
  'origin',
  'user-agent',
  'accept-language',
  'x-forwarded-for',
  'x-request-id',
  ...PERSONAL,
]

/**
 * What is kept of a handshake: its path, and its query and headers in one text, copied, so that nothing of the request is
 * held. Connections whose text is the same share it, if nothing in it can be personal.
 */
export class KeptHandshake implements Handshake {
  readonly path: string
  readonly remoteAddress: string | undefined
  readonly subprotocols: readonly string[]
  readonly transport: Handshake['transport']
  readonly request: unknown
  /** Lines of `name:value` for headers, `?name:value` for the query. No value has a line end; begins and ends with one. */
  readonly #text: string

  constructor(handshake: Handshake, settings: KeptHandshakeSettings, texts: SharedTexts) {
    const { secrets } = settings
    this.path = freshText(handshake.path)
    this.remoteAddress = handshake.remoteAddress
    this.subprotocols = keptSubprotocols(handshake, settings)
    this.transport = handshake.transport
    if (secrets.has('request')) this.request = handshake.request
    const { text, personal } = textOf(handshake, settings)
    this.#text = personal ? text : texts.share(text)
  }

  /** About what it and its connection take, in bytes. */
  get bytes(): number {
    return CONNECTION_BYTES[this.transport] + this.path.length + this.#text.length
  }

  // A lookup may be taken out of its handshake: it is made when it is.
  get query(): Handshake['query'] {
    return (name) => {
      const value = valueOf(encodeURIComponent(name), this.#text, '?')
      return value === undefined ? undefined : decodeURIComponent(value)
    }
  }

  get header(): Handshake['header'] {
    return (name) => valueOf(name, this.#text, '')
  }
}

/** What a connection that does nothing takes in memory, in bytes, as measured on Node 20. */
const CONNECTION_BYTES: Readonly<Record<Handshake['transport'], number>> = {
  websocket: 4_096,
  sse: 16_384,
  poll: 6_144,
  memory: 1_024,
  other: 4_096,
}

/** About what a connection and its handshake take while all of it is held, in bytes. */
export function sizeOfConnection({ path, queries = [], headers = [], transport }: Handshake): number {
  let size = CONNECTION_BYTES[transport] + path.length
  for (const pairs of [queries, headers])
    for (const [name, value] of pairs) size += name.length + value.length
  return size
}

/** What may be kept: a line of the text, and whether it may be one client's alone. */
type Line = readonly [line: string, personal: boolean]

function textOf(
  handshake: Handshake,
  { bytes, secrets }: KeptHandshakeSettings,
): { readonly text: string; readonly personal: boolean } {
  const lines = ['']
  let room = bytes
  let isPersonal = false
  for (const [line, personal] of linesOf(handshake, secrets)) {
    if (line.length > room) continue
    room -= line.length
    lines.push(line)
    isPersonal ||= personal
  }
  lines.push('')
  return { text: freshText(lines.join('\n')), personal: isPersonal }
}

function* linesOf(handshake: Handshake, secrets: ReadonlySet<string>): Generator<Line> {
  for (const [name, value] of handshake.queries ?? []) {
    if (name === 'token' && !secrets.has(name)) continue
    yield [`?${encodeURIComponent(name)}:${encodeURIComponent(value)}`, true]
  }
  for (const [name, value] of handshake.headers ?? usualHeaders(handshake)) {
    if (MECHANICS.test(name) || (PERSONAL.has(name) && !secrets.has(name))) continue
    yield [`${name}:${value}`, !IMPERSONAL.test(name)]
  }
}

/** Of an adapter that does not say which headers there are. */
function* usualHeaders(handshake: Handshake): Generator<readonly [string, string]> {
  for (const name of USUAL) {
    const value = handshake.header(name)
    if (value !== undefined) yield [name, value]
  }
}

function keptSubprotocols(
  { subprotocols }: Handshake,
  { secrets, bytes }: KeptHandshakeSettings,
): readonly string[] {
  if (subprotocols.length === 0) return subprotocols
  const kept = subprotocols.filter((name) => secrets.has('token') || !name.startsWith('token.'))
  const size = kept.reduce((sum, name) => sum + name.length, 0)
  return size > bytes ? [] : kept.map(freshText)
}

/** @param mark - what stands before the name: nothing, or `?` for a parameter of the query */
function valueOf(name: string, lines: string, mark: '' | '?'): string | undefined {
  const head = `\n${mark}${name}:`
  // A name with a mark or a colon in it is none.
  const at = /[?:\n]/.test(name) ? -1 : lines.indexOf(head)
  if (at < 0) return undefined
  const begin = at + head.length
  return lines.slice(begin, lines.indexOf('\n', begin))
}
