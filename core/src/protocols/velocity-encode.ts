import type { Origin } from '../contract/message.ts'
import type { Broadcast, RosterView, Unicast, WireData } from '../contract/protocol.ts'
import { splice } from '../contract/shared-text.ts'
import { memberText, memberTexts } from '../hub/plain.ts'
import { code, failure, nanoseconds } from './velocity-errors.ts'
import { isOwnName, type OwnName, type VelocityDialect } from './velocity-names.ts'

/** The version of the protocol that Velocity's own server announces. */
const VERSION = '1.0.0'

type Encoders<Event extends { on: string }, Result> = {
  readonly [On in Event['on']]: (event: Extract<Event, { on: On }>, dialect: VelocityDialect) => Result
}

const UNICAST: Encoders<Unicast, readonly WireData[]> = {
  // The documents call the id `client_id`, the server that they describe sends it as `id`.
  open: ({ client }, dialect) => [
    write(dialect, 'welcome', { id: client, client_id: client, message: 'connected', version: VERSION }),
  ],
  authed: ({ user }, dialect) => [write(dialect, 'authenticated', { user })],
  subscribed: ({ channel, roster }, dialect) => {
    const subscribed = write(dialect, 'subscription_succeeded', { channel })
    return roster ? [subscribed, rosterMessage(dialect, channel, roster)] : [subscribed]
  },
  unsubscribed: ({ channel, why }, dialect) => [
    write(dialect, 'unsubscription_succeeded', { channel, code: why && code(why) }),
  ],
  expiring: ({ channel, inMs }, dialect) => [
    write(dialect, 'subscription_expiring', { channel, expires_in: nanoseconds(inMs) }),
  ],
  failed: (event, dialect) => {
    const { name, data } = failure(event)
    return [write(dialect, name, data)]
  },
  // What the protocol has no words for: nobody can ask for an answer or a roster in it, and clients answer no questions.
  reply: () => [],
  members: () => [],
  ask: () => [],
  ping: (_event, dialect) => [write(dialect, 'ping', timestamp(dialect))],
  pong: (_event, dialect) => [write(dialect, 'pong', timestamp(dialect))],
}

const BROADCAST: Encoders<Broadcast, WireData | undefined> = {
  message: ({ channel, event = 'message', data, from }, dialect) =>
    data.binary || (isOwnName(event) && isClients(from))
      ? undefined
      : message(dialect, event, data.json, member('from', from?.client) + member('channel', channel)),
  join: (event, dialect) => change(dialect, 'presence:member_added', event),
  leave: (event, dialect) => change(dialect, 'presence:member_removed', event),
  roster: ({ channel, roster }, dialect) => rosterMessage(dialect, channel, roster),
  gap: ({ channel, count, reason }, dialect) => write(dialect, 'messages_lost', { channel, count, reason }),
}

export function unicastVelocity(event: Unicast, dialect: VelocityDialect): readonly WireData[] {
  const encode = UNICAST[event.on] as (event: Unicast, dialect: VelocityDialect) => readonly WireData[]
  return encode(event, dialect)
}

export function broadcastVelocity(event: Broadcast, dialect: VelocityDialect): WireData | undefined {
  const encode = BROADCAST[event.on] as (event: Broadcast, dialect: VelocityDialect) => WireData | undefined
  return encode(event, dialect)
}

/** One of the protocol's own messages. Members of the data that are `undefined` are left out. */
export function write(dialect: VelocityDialect, name: OwnName, data: object): string {
  return message(dialect, name, JSON.stringify(data))
}

/** Data that is JSON already is not printed again. */
function message(dialect: VelocityDialect, name: string, data: string, rest = ''): string {
  return `${opening(dialect, name)}${data}${rest}}`
}

function opening({ key }: VelocityDialect, name: string): string {
  return `{"${key}":${JSON.stringify(name)},"data":`
}

/** `,"name":"value"`, or nothing for `undefined`. */
function member(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`
}

/** Whether a message comes from a client. It could pose as the server: published names stand where the protocol's do. */
function isClients(from: Origin | undefined): boolean {
  return from?.client !== undefined || from?.user !== undefined
}

function change(
  dialect: VelocityDialect,
  name: OwnName,
  event: Extract<Broadcast, { on: 'join' | 'leave' }>,
): string {
  const head = `{"channel":${JSON.stringify(event.channel)}`
  return message(dialect, name, `${head},"member":${memberText(event.member)}}`)
}

function rosterMessage(dialect: VelocityDialect, channel: string, roster: RosterView): WireData {
  const name: OwnName = 'presence:subscription_succeeded'
  const head = `${opening(dialect, name)}{"channel":${JSON.stringify(channel)},"members":[`
  return splice(head, memberTexts(roster), ']}}')
}

/** Velocity counts time in whole seconds since 1970. */
function timestamp({ now }: VelocityDialect): object {
  return { timestamp: Math.floor(now() / 1_000) }
}
