import type { BackoffOptions } from './backoff.ts'
import { FanfareClientError } from './errors.ts'
import type { QueueLimits } from './outbox.ts'
import { type ClientPlatform, hostOrigin, hostPlatform, hostWebSocket } from './platform.ts'
import type { Transport } from './transport.ts'
import type { WebSocketClass } from './websocket-like.ts'
import { websocket } from './websocket-transport.ts'

/** How a client is made. Every option may be left out. */
export interface ClientOptions {
  /** Shown to the server's `authenticate`. The same at each attempt; one that expires comes from `getToken`. */
  readonly token?: string | undefined
  /** Asked for a token anew at each attempt. When it fails, so does the attempt, and the next one follows. */
  readonly getToken?: (() => string | undefined | Promise<string | undefined>) | undefined
  /**
   * Where the token travels. `'query'`: in the URL, as `token`, so that the server can refuse before it accepts.
   * `'first-message'`: in a message, for those who do not want tokens in the logs of proxies.
   *
   * @defaultValue `'query'`
   */
  readonly tokenIn?: 'query' | 'first-message' | undefined
  /** The WebSocket class. @defaultValue the host's own; Node before 22 has none, there it is that of the package `ws` */
  readonly WebSocket?: WebSocketClass | undefined
  /** `'auto'` tries the transports in their order; a name takes that one alone. @defaultValue `'auto'` */
  readonly mode?: Transport['name'] | undefined
  /** The ways to the server, best first. @defaultValue WebSocket, `sse()`, `poll()`; with `/slim` WebSocket alone */
  readonly transports?: readonly Transport[] | undefined
  /** How long a token, and then a transport, may take to connect, in milliseconds. @defaultValue `10_000` */
  readonly connectTimeoutMs?: number | undefined
  /** The same for a transport that another one can take the place of, in milliseconds. @defaultValue `5_000` */
  readonly fallbackAfterMs?: number | undefined
  /** How long an answer may take, in milliseconds; 0 waits for ever. @defaultValue `10_000` */
  readonly requestTimeoutMs?: number | undefined
  /** After so much silence the client asks for a sign of life, in milliseconds; 0: never. @defaultValue what the server advises */
  readonly pingIntervalMs?: number | undefined
  /** How long that sign may take, in milliseconds. @defaultValue `8_000` */
  readonly pongTimeoutMs?: number | undefined
  /** So many attempts in a row may fail before it is given up. @defaultValue `Infinity` */
  readonly maxAttempts?: number | undefined
  /** The pauses between attempts. */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /** What becomes of messages while there is no connection. @defaultValue `'refuse'` */
  readonly offline?: 'refuse' | 'queue' | undefined
  /** How much may wait: for a connection if `offline` is `'queue'`, and for a subscription under way. */
  readonly queue?: Partial<QueueLimits> | undefined
  /** How many events wait for a loop that is slow. @defaultValue `256` */
  readonly bufferSize?: number | undefined
  /** Timers, clock, random numbers and the like. @defaultValue those of the host */
  readonly platform?: Partial<ClientPlatform> | undefined
}

/** The options checked and complete. */
export interface ClientSettings {
  readonly url: string
  readonly token: string | undefined
  readonly getToken: ClientOptions['getToken']
  readonly tokenIn: 'query' | 'first-message'
  readonly transport: Transport
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly pingIntervalMs: number | undefined
  readonly pongTimeoutMs: number
  readonly maxAttempts: number
  readonly backoff: BackoffOptions
  readonly offline: 'refuse' | 'queue'
  readonly queue: QueueLimits
  readonly bufferSize: number
  readonly platform: ClientPlatform
}

/** What an entry of the package brings beside WebSocket. */
export interface Edition {
  /** The transports that come after WebSocket when the user names none. */
  others(): readonly Transport[]
  /** Makes one transport of several. */
  join(transports: readonly Transport[], options: ClientOptions): Transport
}

/** What an option takes, in words and as a check, and its default. */
type Rule = readonly [takes: string, fits: (value: unknown) => boolean, preset?: unknown]
type Rules = Readonly<Record<string, Rule>>

/** The longest a host's timer can be set to. */
const MAX_MS = 2 ** 31 - 1

const within = (value: unknown, least: number): boolean =>
  typeof value === 'number' && value >= least && value <= MAX_MS
const isWhole = (value: unknown, least: number): boolean => within(value, least) && Number.isInteger(value)
const ms = (least: number, preset?: number): Rule => [
  `milliseconds, from ${String(least)}`,
  (value) => within(value, least),
  preset,
]
const whole = (least: number, preset: number): Rule => [
  `a whole number, from ${String(least)}`,
  (value) => isWhole(value, least),
  preset,
]
const oneOf = (...words: string[]): Rule => [
  words.map((word) => `'${word}'`).join(' or '),
  (value) => words.includes(value as string),
  words[0],
]
const is = (takes: string, type: string): Rule => [takes, (value) => typeof value === type && value !== null]

const RULES: Rules & Readonly<Record<keyof ClientOptions, Rule>> = {
  token: is('a string', 'string'),
  getToken: is('a function', 'function'),
  tokenIn: oneOf('query', 'first-message'),
  WebSocket: is('a WebSocket class', 'function'),
  mode: is('a string', 'string'),
  transports: ['a list of transports', (value) => Array.isArray(value) && value.length > 0],
  connectTimeoutMs: ms(1, 10_000),
  fallbackAfterMs: ms(1, 5_000),
  requestTimeoutMs: ms(0, 10_000),
  pingIntervalMs: ms(0),
  pongTimeoutMs: ms(1, 8_000),
  maxAttempts: [
    'a whole number, from 1, or Infinity',
    (value) => value === Infinity || isWhole(value, 1),
    Infinity,
  ],
  backoff: is('an object', 'object'),
  offline: oneOf('refuse', 'queue'),
  queue: is('an object', 'object'),
  bufferSize: whole(1, 256),
  platform: is('an object', 'object'),
}
const BACKOFF: Rules = { baseMs: ms(1, 500), maxMs: ms(1, 20_000) }
const QUEUE: Rules = { messages: whole(0, 100), bytes: whole(0, 65_536) }

/** @throws FanfareClientError `bad-option` when an option is unknown or has a wrong value; the message names it */
export function clientSettings(url: string, options: ClientOptions, edition?: Edition): ClientSettings {
  const settings = complete('', options, RULES) as unknown as ClientSettings & ClientOptions
  if (settings.token !== undefined && settings.getToken) throw wrong('token', 'no value beside getToken')
  return {
    ...settings,
    url: address(url),
    transport: transportOf(settings, edition),
    backoff: complete('backoff.', options.backoff, BACKOFF) as unknown as BackoffOptions,
    queue: complete('queue.', options.queue, QUEUE) as unknown as QueueLimits,
    platform: { ...hostPlatform(), ...given(options.platform) },
  }
}

/** What was given, checked, and the defaults of what was not. */
function complete(prefix: string, values: object | undefined, rules: Rules): Record<string, unknown> {
  const settings: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(rules)) settings[name] = rule[2]
  for (const [name, value] of Object.entries(given(values))) {
    const [takes, fits] = (Object.hasOwn(rules, name) && rules[name]) || UNKNOWN
    if (!fits(value)) throw wrong(prefix + name, takes)
    settings[name] = value
  }
  return settings
}

const UNKNOWN: Rule = ['nothing: there is no such option', () => false]

/** What is given as `undefined` is as if it were left out. */
function given(values: object = {}): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function wrong(option: string, takes: string): FanfareClientError {
  return new FanfareClientError('bad-option', `${option} takes ${takes}`)
}

/** `http:` is written where `ws:` is meant often enough; a path is one of the page's own server. */
function address(url: unknown): string {
  const given = String(url)
  const full = given.startsWith('/') ? `${hostOrigin() ?? ''}${given}` : given.replace(/^http/i, 'ws')
  if (/^wss?:\/\/[^\s#]+$/i.test(full)) return full
  throw wrong('url', 'ws://… or wss://…, or in a page a path, without a fragment')
}

function transportOf(options: ClientOptions, edition?: Edition): Transport {
  const { WebSocket = hostWebSocket(), mode = 'auto', transports } = options
  const all = transports ?? [...(WebSocket ? [websocket(WebSocket)] : []), ...(edition?.others() ?? [])]
  if (!all[0]) {
    throw wrong(
      'WebSocket',
      "a WebSocket class, since this runtime has none: that of the package 'ws' will do",
    )
  }
  const chosen = all.filter(({ name }) => mode === 'auto' || name === mode)
  const [first, second] = chosen
  if (!first)
    throw wrong('mode', `'auto' or one of the transports: ${all.map(({ name }) => name).join(', ')}`)
  if (!second) return first
  if (edition) return edition.join(chosen, options)
  throw wrong('transports', 'one, or fallback([…])')
}
