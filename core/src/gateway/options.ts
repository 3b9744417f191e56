import type { Protocol } from '../contract/protocol.ts'
import { OptionError } from '../ground/errors.ts'
import { Hub } from '../hub/hub.ts'
import { known, whole } from '../hub/options.ts'
import { native } from '../protocols/native.ts'
import { type AllowedOrigins, type OriginCheck, originCheck } from './origins.ts'

/** When a connection without a sign of life is given up. */
export interface Heartbeat {
  /** After so much silence the server asks for a sign of life; 0: never. @defaultValue `25_000` ms */
  readonly intervalMs: number
  /** How long the answer may take. @defaultValue `8_000` ms */
  readonly timeoutMs: number
}

/** How a gateway is made. */
export interface GatewayOptions {
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
  readonly heartbeat?: Partial<Heartbeat> | undefined
}

/** The options complete, as adapters read them. */
export interface GatewayLimits {
  readonly maxConnections: number
  readonly maxMessageBytes: number
  readonly handshakeTimeoutMs: number
  readonly heartbeat: Heartbeat
}

/** The options, checked and complete. */
export interface GatewaySettings {
  readonly hub: Hub
  readonly protocols: ReadonlyMap<string, Protocol>
  readonly originAllowed: OriginCheck
  readonly limits: GatewayLimits
}

const OPTIONS: readonly (keyof GatewayOptions)[] = [
  'hub',
  'protocols',
  'allowedOrigins',
  'requireOrigin',
  'maxConnections',
  'maxMessageBytes',
  'handshakeTimeoutMs',
  'heartbeat',
]

/** @throws OptionError when an option is unknown or has a wrong value */
export function gatewaySettings(options: GatewayOptions): GatewaySettings {
  known('new Gateway', options, OPTIONS)
  const protocols = Object.entries(options.protocols ?? { '/': native() })
  for (const [path] of protocols) {
    if (!path.startsWith('/')) throw new OptionError('protocols', "paths that begin with '/'", path)
  }
  return {
    hub: options.hub ?? new Hub(),
    protocols: new Map(protocols),
    originAllowed: originCheck(options.allowedOrigins ?? 'same-origin', options.requireOrigin ?? false),
    limits: gatewayLimits(options),
  }
}

function gatewayLimits(options: GatewayOptions): GatewayLimits {
  const { heartbeat = {} } = options
  known('heartbeat', heartbeat, ['intervalMs', 'timeoutMs'])
  return {
    maxConnections: whole('maxConnections', options.maxConnections ?? 10_000, 1),
    maxMessageBytes: whole('maxMessageBytes', options.maxMessageBytes ?? 524_288, 1),
    handshakeTimeoutMs: whole('handshakeTimeoutMs', options.handshakeTimeoutMs ?? 7_000, 1),
    heartbeat: {
      intervalMs: whole('heartbeat.intervalMs', heartbeat.intervalMs ?? 25_000, 0),
      timeoutMs: whole('heartbeat.timeoutMs', heartbeat.timeoutMs ?? 8_000, 1),
    },
  }
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
