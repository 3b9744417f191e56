import type { Broadcast, Origin, Ref, RosterView, Unicast, WireData } from '../contract/index.ts'
import { splice } from '../contract/shared-text.ts'
import type { Payload } from '../ground/payload.ts'
import { memberText, memberTexts } from '../hub/plain.ts'

type Encoders<Event extends { on: string }> = {
  readonly [On in Event['on']]: (event: Extract<Event, { on: On }>) => WireData | undefined
}

const UNICAST: Encoders<Unicast> = {
  open: ({ client, heartbeatMs }) =>
    frame(
      'welcome',
      member('v', 1),
      member('client', client),
      member('heartbeat', Math.ceil(heartbeatMs / 1000)),
    ),
  authed: ({ ref, user }) => frame('ok', member('id', ref), member('user', user)),
  subscribed: ({ ref, channel, me, roster }) =>
    withMembers(
      frame('ok', member('id', ref), member('channel', channel), raw('me', me && memberText(me))),
      roster,
    ),
  unsubscribed: ({ ref, channel, why }) =>
    ref === undefined
      ? frame('unsub', member('channel', channel), member('code', why))
      : frame('ok', member('id', ref), member('channel', channel)),
  expiring: ({ channel, inMs }) => frame('expiring', member('channel', channel), member('in', inMs)),
  failed: ({ ref, channel, why, detail, afterMs }) =>
    frame(
      'err',
      member('id', ref),
      member('code', why),
      member('channel', channel),
      member('message', detail),
      member('after', afterMs),
    ),
  reply: ({ ref, data }) =>
    ref === undefined ? undefined : frame('ok', member('id', ref), json('data', data)),
  members: ({ ref, channel, roster }) =>
    withMembers(frame('ok', member('id', ref), member('channel', channel)), roster),
  ask: ({ ref, method, data }) =>
    frame('ask', member('id', ref), member('method', method), json('data', data)),
  ping: () => frame('ping'),
  pong: ({ ref }) => frame('pong', member('id', ref)),
}

const BROADCAST: Encoders<Broadcast> = {
  message: ({ channel, event = 'message', data, from }) =>
    data.binary
      ? undefined
      : frame('msg', member('channel', channel), member('event', event), json('data', data), origin(from)),
  join: (event) => frame('join', member('channel', event.channel), raw('member', memberText(event.member))),
  leave: (event) => frame('leave', member('channel', event.channel), raw('member', memberText(event.member))),
  roster: ({ channel, roster }) => withMembers(frame('members', member('channel', channel)), roster),
  gap: ({ channel, count, reason }) =>
    frame('gap', member('channel', channel), member('count', count), member('reason', reason)),
}

export function unicastNative(event: Unicast): readonly WireData[] {
  const encode = UNICAST[event.on] as (event: Unicast) => WireData | undefined
  const data = encode(event)
  return data === undefined ? [] : [data]
}

export function broadcastNative(event: Broadcast): WireData | undefined {
  const encode = BROADCAST[event.on] as (event: Broadcast) => WireData | undefined
  return encode(event)
}

function frame(op: string, ...parts: string[]): string {
  // Not `join`, which copies: a payload may be long.
  let text = `{"op":"${op}"`
  for (const part of parts) text += part
  return `${text}}`
}

/** `,"name":value`, or nothing for `undefined`. */
function member(name: string, value: Ref | undefined): string {
  if (value === undefined) return ''
  // A number reads in JSON as it does in text, unless it is none.
  return `,"${name}":${Number.isFinite(value) ? String(value) : JSON.stringify(value)}`
}

/** A member whose value is JSON text already: spliced, not printed again. */
function raw(name: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${name}":${text}`
}

function json(name: string, data: Payload | undefined): string {
  return raw(name, data?.json)
}

/** The frame with the list of members as its last member. */
function withMembers(frame: string, roster: RosterView | undefined): WireData {
  return roster ? splice(`${frame.slice(0, -1)},"members":[`, memberTexts(roster), ']}') : frame
}

function origin(from: Origin | undefined): string {
  if (!from || (from.client === undefined && from.user === undefined)) return ''
  const parts = member('client', from.client) + member('user', from.user)
  return raw('from', `{${parts.slice(1)}}`)
}
