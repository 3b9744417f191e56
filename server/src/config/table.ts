import { bus, busPrefix, busSecret, nodeName } from './bus-kinds.ts'
import { address, duration, type Kind, memory, oneOf, origins, path, whole, yesOrNo } from './kinds.ts'

/** One setting: everything that flags, environment variables, help and documentation say about it. */
export interface Setting<Value> {
  /** `port` is `--port` and `FANFARE_PORT`. */
  readonly flag: string
  readonly kind: Kind<Value>
  readonly fallback: Value
  /** The default as one would write it. */
  readonly written: string
  /** Stands for the value in the help: `<number>`. Without it, the flag alone means true. */
  readonly value?: string
  /** Whether it may be given several times: its kind reads a line for each. @defaultValue false */
  readonly repeats?: boolean
  readonly help: string
}

/** Keeps the type of the value, which an array of settings would lose. */
function setting<Value>(of: Setting<Value>): Setting<Value> {
  return of
}

/** What can be spoken at `--path`. */
export type ProtocolName = 'native' | 'plain' | 'velocity-type' | 'velocity-event'

/** What the server runs on. */
export type AdapterName = 'ws' | 'bun' | 'fastify'

/** All settings. There is no other list: a setting added here has its flag, its variable, its check and its help. */
export const SETTINGS = {
  host: setting({
    flag: 'host',
    kind: address,
    fallback: '127.0.0.1',
    written: '127.0.0.1',
    value: '<address>',
    help: 'Address to listen on; 0.0.0.0 or :: for all',
  }),
  port: setting({
    flag: 'port',
    kind: whole(0, 65_535),
    fallback: 6001,
    written: '6001',
    value: '<number>',
    help: 'Port to listen on; 0 picks a free one',
  }),
  path: setting({
    flag: 'path',
    kind: path,
    fallback: '/ws',
    written: '/ws',
    value: '<path>',
    help: 'Where WebSocket clients connect',
  }),
  allowedOrigins: setting({
    flag: 'allowed-origins',
    kind: origins,
    fallback: 'same-origin',
    written: 'same-origin',
    value: '<list>',
    help: 'Web pages that may connect: origins with commas between them, or *. A list stands in place of same-origin',
  }),
  protocol: setting<ProtocolName>({
    flag: 'protocol',
    kind: oneOf(['native', 'plain', 'velocity-type', 'velocity-event']),
    fallback: 'native',
    written: 'native',
    value: '<name>',
    help: 'What is spoken there: our own protocol, bare payloads, or that of Velocity, by the name of its key',
  }),
  adapter: setting<AdapterName>({
    flag: 'adapter',
    kind: oneOf(['ws', 'bun', 'fastify']),
    fallback: 'ws',
    written: 'ws',
    value: '<name>',
    help: 'What it runs on: ws on node:http, Bun.serve, or Fastify',
  }),
  demo: setting({
    flag: 'demo',
    kind: yesOrNo,
    fallback: false,
    written: 'false',
    help: 'Serve the demo: a page at /, and rooms that anybody may join who gives a name',
  }),
  pingIntervalMs: setting({
    flag: 'ping-interval',
    kind: duration({ off: true }),
    fallback: 25_000,
    written: '25s',
    value: '<duration>',
    help: 'How often a connection is asked for a sign of life; 0 for never',
  }),
  pongTimeoutMs: setting({
    flag: 'pong-timeout',
    kind: duration({ off: false }),
    fallback: 8_000,
    written: '8s',
    value: '<duration>',
    help: 'How long that sign of life may take',
  }),
  writeTimeoutMs: setting({
    flag: 'write-timeout',
    kind: duration({ off: true }),
    fallback: 10_000,
    written: '10s',
    value: '<duration>',
    help: 'A client that takes no byte for so long is let go; 0 for never',
  }),
  handshakeTimeoutMs: setting({
    flag: 'handshake-timeout',
    kind: duration({ off: false }),
    fallback: 7_000,
    written: '7s',
    value: '<duration>',
    help: 'How long a request, a handshake or an expected first message may take',
  }),
  maxMessageBytes: setting({
    flag: 'max-message-size',
    kind: whole(1, 1_073_741_824),
    fallback: 524_288,
    written: '524288',
    value: '<bytes>',
    help: 'The largest message a client may send',
  }),
  maxConnections: setting({
    flag: 'max-connections',
    kind: whole(1, 1_000_000),
    fallback: 10_000,
    written: '10000',
    value: '<number>',
    help: 'Clients at once; more are turned away with 503',
  }),
  maxHalfOpen: setting({
    flag: 'max-half-open',
    kind: whole(1, 1_000_000),
    fallback: 512,
    written: '512',
    value: '<number>',
    help: 'Connections at once that ask for nothing; beyond it the oldest is cut. Bun cannot see them',
  }),
  handshakeRate: setting({
    flag: 'handshake-rate',
    kind: whole(0, 1_000_000),
    fallback: 200,
    written: '200',
    value: '<number>',
    help: 'Handshakes of one address per second, or of one network of IPv6; 0 for no limit',
  }),
  handshakeBurst: setting({
    flag: 'handshake-burst',
    kind: whole(1, 1_000_000),
    fallback: 1_000,
    written: '1000',
    value: '<number>',
    help: 'Handshakes of one address at once, after a pause',
  }),
  trustedProxies: setting({
    flag: 'trusted-proxies',
    kind: whole(0, 16),
    fallback: 0,
    written: '0',
    value: '<number>',
    help: 'Proxies in front, each of which adds to X-Forwarded-For; with 0 clients have the address of the last',
  }),
  rateLimit: setting({
    flag: 'rate-limit',
    kind: whole(0, 1_000_000),
    fallback: 100,
    written: '100',
    value: '<number>',
    help: 'Messages of one client per second; 0 for no limit',
  }),
  rateBurst: setting({
    flag: 'rate-burst',
    kind: whole(1, 1_000_000),
    fallback: 200,
    written: '200',
    value: '<number>',
    help: 'Messages of one client at once, after a pause',
  }),
  memoryBytes: setting({
    flag: 'memory',
    kind: memory,
    fallback: 0,
    written: '0',
    value: '<size>',
    help: 'What the process may use: what it holds for clients is a part of it. 0 for what the runtime says; say it on Bun',
  }),
  drainMs: setting({
    flag: 'drain',
    kind: duration({ off: true }),
    fallback: 0,
    written: '0',
    value: '<duration>',
    help: 'Over how long clients are told to go when the server ends; 0 for all at once',
  }),
  metricsPort: setting({
    flag: 'metrics-port',
    kind: whole(0, 65_535),
    fallback: 0,
    written: '0',
    value: '<number>',
    help: 'Port of 127.0.0.1 with figures for Prometheus at /metrics; 0 for none',
  }),
  bus: setting({
    flag: 'bus',
    kind: bus,
    fallback: 'memory',
    written: 'memory',
    value: '<url>',
    help: 'What joins several servers to one: Redis or NATS; memory for a server alone',
  }),
  busPrefix: setting({
    flag: 'bus-prefix',
    kind: busPrefix,
    fallback: 'fanfare',
    written: 'fanfare',
    value: '<text>',
    help: 'Begins every name on the bus; whoever shares it with others has another one',
  }),
  busSecret: setting<readonly string[]>({
    flag: 'bus-secret',
    kind: busSecret,
    fallback: [],
    written: 'none',
    value: '<secrets>',
    help: 'Signs events on the bus; those that others put there are dropped. Better in the environment than here',
  }),
  nodeName: setting({
    flag: 'node-name',
    kind: nodeName,
    fallback: 'port',
    written: 'port',
    value: '<name>',
    help: 'What the demo calls this server among the others on its bus; port for its port',
  }),
} as const

/** The value that a setting has. */
type ValueOf<Of> = Of extends Setting<infer Value> ? Value : never

/** A name of a setting, as programs write it. */
export type SettingName = keyof typeof SETTINGS

/** All settings with their values. Durations are in milliseconds. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> }

/** What is known by name but not yet offered: better said than ignored. */
export const LATER: readonly {
  readonly flags: readonly string[]
  readonly variables: readonly string[]
  readonly what: string
}[] = [
  {
    flags: ['app'],
    variables: ['FANFARE_APP_ID', 'FANFARE_APP_KEY', 'FANFARE_APP_SECRET'],
    what: 'Pusher apps',
  },
]

/** The environment variable of a flag. */
export function variableOf(flag: string): string {
  return `FANFARE_${flag.replaceAll('-', '_').toUpperCase()}`
}

/** The settings in order, each with its name. */
export function eachSetting(): [SettingName, Setting<unknown>][] {
  return Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]
}
