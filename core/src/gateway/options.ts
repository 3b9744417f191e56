import type { Grant } from '../contract/authorizer.ts'
import type { Contract } from '../contract/contract.ts'
import type { Protocol } from '../contract/protocol.ts'
import { OptionError } from '../ground/errors.ts'
import { Hub } from '../hub/hub.ts'
import { knownOptions, wholeFrom } from '../ground/options.ts'
import { native } from '../protocols/native.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { AnyHandler, OnUnknown } from './handlers.ts'
import type { Authenticate, AuthenticateAt, User } from './identity.ts'
import {
  type KeptHandshakeOptions,
  type KeptHandshakeSettings,
  keptHandshakeSettings,
} from './kept-handshake.ts'
import { type AllowedOrigins, type OriginCheck, originCheck } from './origins.ts'
import { rateLimits, type RateLimitOptions, type RateLimits } from './rate-limits.ts'
import type { Rate } from './token-bucket.ts'

/** When a connection without a sign of life is given up. */
export interface Heartbeat {
  /** After so much silence the server asks for a sign of life; 0: never. @defaultValue `25_000` ms */
  readonly intervalMs: number
  /** How long the answer may take. @defaultValue `8_000` ms */
  readonly timeoutMs: number
}

/** A client asks for a private or presence channel. */
export interface AuthorizeChannelRequest<U extends User> {
  readonly channel: string
  readonly type: 'private' | 'presence'
  readonly client: GatewayClient<U>
  readonly user: U | undefined
  /** What came with this subscribe, such as a token. Comes from the client: check it. */
  readonly credentials: unknown
}

/** How a gateway is made. */
export interface GatewayOptions<C extends Contract = Contract, U extends User = User> {
  /** The hub it stands on. @defaultValue a new one without an authorizer */
  readonly hub?: Hub | undefined
  /**
   * What is spoken where: path below the mount to protocol. `/app/*` stands for everything below `/app/`.
   *
   * @defaultValue `{ '/': native() }`
   */
  readonly protocols?: Readonly<Record<string, Protocol>> | undefined
  /** Which web pages may connect. @defaultValue `'same-origin'` */
  readonly allowedOrigins?: AllowedOrigins | undefined
  /** Whether a handshake without an Origin header is refused. @defaultValue `false` */
  readonly requireOrigin?: boolean | undefined
  /** Clients at once, on this hub; more are refused with 503. @defaultValue `10_000` */
  readonly maxConnections?: number | undefined
  /** The largest message a client may send, decompressed. @defaultValue `524_288` bytes (512 KiB) */
  readonly maxMessageBytes?: number | undefined
  /** How long a handshake, and a first message that a protocol expects, may take. @defaultValue `7_000` ms */
  readonly handshakeTimeoutMs?: number | undefined
  /** How long a message, or the body of a request, may take from its first byte to its last. @defaultValue `10_000` ms */
  readonly messageTimeoutMs?: number | undefined
  /**
   * Connections of one server at once that have not asked for anything yet. They take no client's place; beyond it the
   * oldest of them is cut. @defaultValue `512`
   */
  readonly maxHalfOpen?: number | undefined
  /** WebSocket pings and pongs of one client in a second; who sends more is closed as `rate`. @defaultValue `100` */
  readonly maxControlFrames?: number | undefined
  readonly heartbeat?: Partial<Heartbeat> | undefined
  /** What server and clients say to each other; types everything, and what comes in is validated by it. */
  readonly contract?: C | undefined
  /** Who is it? Without this, nobody is asked. */
  readonly authenticate?: Authenticate<U> | undefined
  /** When clients say who they are. @defaultValue `'handshake'` */
  readonly authenticateAt?: AuthenticateAt | undefined
  /** Who may join private and presence channels; for a hub that has no authorizer of its own. */
  readonly authorize?:
    ((request: AuthorizeChannelRequest<U>) => Grant | boolean | Promise<Grant | boolean>) | undefined
  /** The info of a user in a presence channel, where `authorize` names no member. */
  readonly presenceData?: ((channel: string, user: U) => unknown) | undefined
  /** How often clients may do things. */
  readonly rateLimit?: RateLimitOptions | undefined
  /** What happens to messages that nobody handles; they are counted in any case. @defaultValue `'error'` */
  readonly onUnknown?: OnUnknown | undefined
  /** How long a handler may take to answer. @defaultValue `30_000` ms */
  readonly handlerTimeoutMs?: number | undefined
  /** Whether clients may send to each other directly, by id or user. @defaultValue `false` */
  readonly directMessages?: boolean | undefined
  /** How many proxies stand in front, for `remoteAddress`. @defaultValue `0` */
  readonly trustedProxies?: number | undefined
  /** What is kept of a handshake for as long as its client is there. */
  readonly keptHandshake?: KeptHandshakeOptions | undefined
  /** How many of the last things that happened are kept for `explain`. @defaultValue `4_096` entries */
  readonly journalSize?: number | undefined
}

/** The options complete, as adapters read them. */
export interface GatewayLimits {
  readonly maxConnections: number
  readonly maxMessageBytes: number
  readonly handshakeTimeoutMs: number
  readonly messageTimeoutMs: number
  readonly maxHalfOpen: number
  readonly maxControlFrames: number
  /** How often one client may say something, and requests that bring nothing. */
  readonly messageRate: Rate
  /** Who was refused so often is closed as `rate`; 0: never. */
  readonly strikes: number
  readonly heartbeat: Heartbeat
  readonly handlerTimeoutMs: number
}

/** The options, checked and complete. */
export interface GatewaySettings {
  readonly hub: Hub
  readonly protocols: ReadonlyMap<string, Protocol>
  readonly originAllowed: OriginCheck
  readonly limits: GatewayLimits
  readonly rateLimits: RateLimits
  readonly trustedProxies: number
  readonly journalSize: number
  readonly keptHandshake: KeptHandshakeSettings
  readonly authenticateAt: AuthenticateAt
  readonly onUnknown: OnUnknown
}

const OPTIONS: readonly (keyof GatewayOptions)[] = [
  'hub',
  'protocols',
  'allowedOrigins',
  'requireOrigin',
  'maxConnections',
  'maxMessageBytes',
  'handshakeTimeoutMs',
  'messageTimeoutMs',
  'maxHalfOpen',
  'maxControlFrames',
  'heartbeat',
  'contract',
  'authenticate',
  'authenticateAt',
  'authorize',
  'presenceData',
  'rateLimit',
  'onUnknown',
  'handlerTimeoutMs',
  'directMessages',
  'trustedProxies',
  'keptHandshake',
  'journalSize',
]

/** @throws OptionError when an option is unknown or has a wrong value */
export function gatewaySettings<C extends Contract, U extends User>(
  options: GatewayOptions<C, U>,
): GatewaySettings {
  knownOptions('new Gateway', options, OPTIONS)
  const limited = rateLimits(options.rateLimit ?? {})
  return {
    hub: options.hub ?? new Hub(),
    protocols: checkedProtocols(options.protocols ?? { '/': native() }),
    originAllowed: originCheck(options.allowedOrigins ?? 'same-origin', options.requireOrigin ?? false),
    limits: gatewayLimits(options, limited),
    rateLimits: limited,
    trustedProxies: wholeFrom('trustedProxies', options.trustedProxies ?? 0, 0),
    keptHandshake: keptHandshakeSettings(options.keptHandshake ?? {}),
    journalSize: wholeFrom('journalSize', options.journalSize ?? 4_096, 1),
    authenticateAt: oneOf('authenticateAt', options.authenticateAt ?? 'handshake', AUTHENTICATE_AT),
    onUnknown:
      typeof options.onUnknown === 'function'
        ? options.onUnknown
        : oneOf('onUnknown', options.onUnknown ?? 'error', ON_UNKNOWN),
  }
}

function checkedProtocols(protocols: Readonly<Record<string, Protocol>>): Map<string, Protocol> {
  for (const path of Object.keys(protocols)) {
    if (!path.startsWith('/')) throw new OptionError('protocols', "paths that begin with '/'", path)
  }
  return new Map(Object.entries(protocols))
}

function gatewayLimits(
  options: Pick<GatewayOptions, Exclude<keyof GatewayLimits, 'messageRate' | 'strikes'>>,
  { messages, strikes }: RateLimits,
): GatewayLimits {
  const { heartbeat = {} } = options
  knownOptions('heartbeat', heartbeat, ['intervalMs', 'timeoutMs'])
  return {
    maxConnections: wholeFrom('maxConnections', options.maxConnections ?? 10_000, 1),
    maxMessageBytes: wholeFrom('maxMessageBytes', options.maxMessageBytes ?? 524_288, 1),
    handshakeTimeoutMs: wholeFrom('handshakeTimeoutMs', options.handshakeTimeoutMs ?? 7_000, 1),
    messageTimeoutMs: wholeFrom('messageTimeoutMs', options.messageTimeoutMs ?? 10_000, 1),
    maxHalfOpen: wholeFrom('maxHalfOpen', options.maxHalfOpen ?? 512, 1),
    maxControlFrames: wholeFrom('maxControlFrames', options.maxControlFrames ?? 100, 1),
    messageRate: messages,
    strikes,
    handlerTimeoutMs: wholeFrom('handlerTimeoutMs', options.handlerTimeoutMs ?? 30_000, 1),
    heartbeat: {
      intervalMs: wholeFrom('heartbeat.intervalMs', heartbeat.intervalMs ?? 25_000, 0),
      timeoutMs: wholeFrom('heartbeat.timeoutMs', heartbeat.timeoutMs ?? 8_000, 1),
    },
  }
}

const AUTHENTICATE_AT: readonly AuthenticateAt[] = ['handshake', 'message', 'either']
const ON_UNKNOWN: readonly Exclude<OnUnknown, AnyHandler>[] = ['ignore', 'error']

function oneOf<Word extends string>(option: string, word: Word, words: readonly Word[]): Word {
  if (words.includes(word)) return word
  throw new OptionError(option, `one of ${words.join(', ')}`, word)
}

/** The protocol that is spoken at a path: an exact match, else the longest `/…/*` above it. */
export function protocolAt(protocols: ReadonlyMap<string, Protocol>, path: string): Protocol | undefined {
  // The patterns are few. The path is a stranger's: looking up each of its beginnings would be quadratic in its length.
  let longest = ''
  for (const pattern of protocols.keys()) {
    const above = pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1))
    if (above && pattern.length > longest.length) longest = pattern
  }
  return protocols.get(path) ?? protocols.get(longest)
}
