import { busPrefix, busSecret } from '../config/bus-kinds.ts'
import { duration, oneOf, whole, yesOrNo } from '../config/kinds.ts'
import { type Setting, variableOf } from '../config/table.ts'
import { channelPrefix, headers, json, publishingBus, socketUrl, token } from './kinds.ts'

/** Keeps the type of the value, which an array of options would lose. */
function option<Value>(of: Setting<Value>): Setting<Value> {
  return of
}

function number(flag: string, least: number, most: number, fallback: number): Omit<Setting<number>, 'help'> {
  return { flag, kind: whole(least, most), fallback, written: String(fallback), value: '<number>' }
}

/** All options of `fanfare bench`. There is no other list. */
export const LOAD_OPTIONS = {
  url: option({
    flag: 'url',
    kind: socketUrl,
    fallback: 'ws://127.0.0.1:6001/ws',
    written: 'ws://127.0.0.1:6001/ws',
    value: '<url>',
    help: 'Where the server takes WebSocket clients; it has to speak the protocol native there',
  }),
  clients: option({ ...number('clients', 1, 100_000, 100), help: 'WebSocket clients to open' }),
  connectRate: option({
    ...number('connect-rate', 1, 10_000, 200),
    help: 'Handshakes begun per second',
  }),
  channels: option({ ...number('channels', 1, 10_000, 10), help: 'Channels that they share' }),
  perClient: option({ ...number('per-client', 1, 128, 1), help: 'Channels that each of them subscribes to' }),
  channelPrefix: option({
    flag: 'channel-prefix',
    kind: channelPrefix,
    fallback: 'auto',
    written: 'auto',
    value: '<text>',
    help: 'Begins the names of the channels, a number follows; auto is presence-bench-, and bench- with --bus',
  }),
  auth: option({
    flag: 'auth',
    kind: json,
    fallback: '{"data":{"name":"bench"}}',
    written: '{"data":{"name":"bench"}}',
    value: '<json>',
    help: 'Sent as auth when subscribing to a private or presence channel; {n} in it is the number of the client',
  }),
  token: option({
    flag: 'token',
    kind: token,
    fallback: '',
    written: 'none',
    value: '<text>',
    help: 'Says who the clients are; {n} in it is the number of the client',
  }),
  tokenIn: option({
    flag: 'token-in',
    kind: oneOf(['header', 'query', 'first-message']),
    fallback: 'header',
    written: 'header',
    value: '<place>',
    help: 'Where the token travels: as Authorization: Bearer, as the parameter token of the URL, or after the greeting',
  }),
  headers: option<Readonly<Record<string, string>>>({
    flag: 'header',
    kind: headers,
    fallback: {},
    written: 'none',
    value: '<header>',
    repeats: true,
    help: 'A header of the handshake; may be given several times',
  }),
  rate: option({ ...number('rate', 1, 1_000_000, 1_000), help: 'Messages published per second, in all' }),
  messages: option({
    ...number('messages', 1, 1_000_000_000, 10_000),
    help: 'Messages to publish before it ends',
  }),
  durationMs: option({
    flag: 'duration',
    kind: duration({ off: true }),
    fallback: 0,
    written: '0',
    value: '<duration>',
    help: 'How long to publish, in place of --messages; 0 for until that many are published',
  }),
  bytes: option({
    ...number('bytes', 100, 500_000, 128),
    value: '<bytes>',
    help: 'Size of the data of a message',
  }),
  publishers: option({
    ...number('publishers', 0, 100_000, 0),
    help: 'How many of the clients publish; 0 for as many as it takes at 50 messages per second each',
  }),
  bus: option({
    flag: 'bus',
    kind: publishingBus,
    fallback: 'none',
    written: 'none',
    value: '<url>',
    help: 'Publishes on the bus of the servers, as a worker does; none for publishing as a client',
  }),
  busPrefix: option({
    flag: 'bus-prefix',
    kind: busPrefix,
    fallback: 'fanfare',
    written: 'fanfare',
    value: '<text>',
    help: 'What names on that bus begin with',
  }),
  busSecret: option<readonly string[]>({
    flag: 'bus-secret',
    kind: busSecret,
    fallback: [],
    written: 'none',
    value: '<secrets>',
    help: 'With what events on that bus are signed',
  }),
  graceMs: option({
    flag: 'grace',
    kind: duration({ off: false }),
    fallback: 3_000,
    written: '3s',
    value: '<duration>',
    help: 'What is missing counts as lost once nothing has come for so long after the last message',
  }),
  json: option({
    flag: 'json',
    kind: yesOrNo,
    fallback: false,
    written: 'false',
    help: 'Print the report as JSON',
  }),
} as const

/** The value that an option has. */
type ValueOf<Of> = Of extends Setting<infer Value> ? Value : never

/** A name of an option, as the code writes it. */
export type LoadOptionName = keyof typeof LOAD_OPTIONS

/** All options with their values. Durations are in milliseconds, rates per second. */
export type LoadOptions = { readonly [Name in LoadOptionName]: ValueOf<(typeof LOAD_OPTIONS)[Name]> }

/** The options in order, each with its name. */
export function eachLoadOption(): [LoadOptionName, Setting<unknown>][] {
  return Object.entries(LOAD_OPTIONS) as [LoadOptionName, Setting<unknown>][]
}

/** The environment variable of a flag: `rate` is `FANFARE_BENCH_RATE`. */
export function loadVariableOf(flag: string): string {
  return variableOf(`bench-${flag}`)
}
