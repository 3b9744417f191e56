import type { Member, Origin } from '@fanfare/core/contract'

/** What the client says, by verb, without the id. `data` and `auth` are any JSON. */
export type ClientFrame =
  | { op: 'auth'; token: string }
  | { op: 'sub'; channel: string; auth?: unknown }
  | { op: 'unsub' | 'who'; channel: string }
  | { op: 'pub'; channel: string; event: string; data: unknown; echo?: true | undefined }
  | { op: 'send'; to: string | { readonly user: string }; event: string; data: unknown }
  | { op: 'call'; method: string; data: unknown }
  | { op: 'answer'; data?: unknown; error?: string }
  | { op: 'ping' | 'pong' }

/** What the server says, by verb. */
export type ServerFrame =
  | { op: 'welcome'; v: number; client: string; heartbeat?: number; user?: string }
  | { op: 'ok'; id: number; me?: Member; members?: readonly Member[]; data?: unknown; user?: string }
  | { op: 'err'; id?: number; code: string; channel?: string; message?: string; after?: number }
  | { op: 'msg'; channel?: string; event: string; data: unknown; from?: Origin }
  | { op: 'join'; channel: string; member: Member }
  | { op: 'leave'; channel: string; member: Member }
  | { op: 'members'; channel: string; members: readonly Member[] }
  | { op: 'gap'; channel?: string; count: number; reason: string }
  | { op: 'unsub'; channel: string; code?: string }
  | { op: 'expiring'; channel: string; in: number }
  | { op: 'ask'; id: string | number; method: string; data?: unknown }
  | { op: 'bye'; code: string; retry?: boolean; message?: string }
  | { op: 'ping' | 'pong' }

/** The frame of a verb. */
export type FrameOf<Op extends ServerFrame['op']> = Extract<ServerFrame, { op: Op }>
/** What is said about one channel. A gap, or a message, without a channel is about none. */
export type ChannelFrame = FrameOf<'msg' | 'join' | 'leave' | 'members' | 'gap' | 'unsub' | 'expiring'>
/** An answer that says yes. */
export type OkFrame = FrameOf<'ok'>
/** An answer that says no. */
export type ErrFrame = FrameOf<'err'>

type Check = (value: unknown) => boolean
type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const text: Check = (value) => typeof value === 'string'
const count: Check = (value) => typeof value === 'number' && value >= 0
const ref: Check = (value) => typeof value === 'string' || typeof value === 'number'
const member: Check = (value) => isObject(value) && ref(value['id'])
const members: Check = (value) => Array.isArray(value) && value.every(member)
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const origin: Check = (value) => isObject(value) && maybe(text)(value['client']) && maybe(text)(value['user'])

/** What each verb must bring. A field without a check is any JSON, or missing. */
const SHAPES: ReadonlyMap<unknown, Readonly<Record<string, Check>>> = new Map<
  unknown,
  Readonly<Record<string, Check>>
>([
  ['welcome', { v: count, client: text, heartbeat: maybe(count), user: maybe(text) }],
  ['ok', { id: count, me: maybe(member), members: maybe(members), user: maybe(text) }],
  ['err', { id: maybe(count), code: text, channel: maybe(text), message: maybe(text), after: maybe(count) }],
  ['msg', { channel: maybe(text), event: text, from: maybe(origin) }],
  ['join', { channel: text, member }],
  ['leave', { channel: text, member }],
  ['members', { channel: text, members }],
  ['gap', { channel: maybe(text), count, reason: text }],
  ['unsub', { channel: text, code: maybe(text) }],
  ['expiring', { channel: text, in: count }],
  ['ask', { id: ref, method: text }],
  ['bye', { code: text, retry: maybe((value) => typeof value === 'boolean'), message: maybe(text) }],
  ['ping', {}],
  ['pong', {}],
])

/**
 * A frame as it goes on the wire.
 *
 * @throws TypeError when there is something in it that JSON has no form for, such as a cycle
 */
export function frameText(frame: ClientFrame, id?: string | number): string {
  return JSON.stringify({ ...frame, id })
}

/**
 * A message of the server becomes a frame whose every field is what its type says; `undefined` when it is none, or a verb
 * that this version does not know. Never throws.
 */
export function parseFrame(data: unknown): ServerFrame | undefined {
  if (typeof data !== 'string') return undefined
  let frame: unknown
  try {
    frame = JSON.parse(data)
  } catch {
    return undefined
  }
  if (!isObject(frame)) return undefined
  const shape = SHAPES.get(frame['op'])
  if (!shape) return undefined
  for (const [field, check] of Object.entries(shape)) {
    if (!check(frame[field])) return undefined
  }
  return frame as unknown as ServerFrame
}
