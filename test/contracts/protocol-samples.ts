import {
  type Broadcast,
  type MemberText,
  Payload,
  type RosterView,
  type SharedText,
  type Unicast,
  type Why,
} from '@fanfare/core'

/** A roster as the hub hands it out: what is made of it for a shape is made once. */
export function rosterOf(...members: MemberText[]): RosterView & { readonly made: number } {
  const texts = new Map<string, string>()
  const once = (shape: string, make: () => string): string => {
    const text = texts.get(shape) ?? make()
    texts.set(shape, text)
    return text
  }
  return {
    members,
    get made() {
      return texts.size
    },
    text: (shape, make) => once(shape, () => make(members)),
    list: (shape, each) => sharedText(once(`list ${shape}`, () => members.map(each).join(','))),
  }
}

/** Text in one piece, as the hub hands out what frames have in common. */
export function sharedText(text: string): SharedText {
  const pieces = text === '' ? [] : [text]
  return { pieces, count: pieces.length, bytes: Buffer.byteLength(text), text }
}

const ann: MemberText = { id: 'ann', info: '{"name":"Ann"}' }
const seven: MemberText = { id: 7 }
const channel = 'presence-room'
const data = new Payload('{"a": 1.0}')

type Samples<Event extends { on: string }> = {
  readonly [On in Event['on']]: readonly Extract<Event, { on: On }>[]
}

/** Every event for one client, with what may be left out and without. The types see to it that none is forgotten. */
const UNICAST: Samples<Unicast> = {
  open: [
    { on: 'open', client: '1.2', heartbeatMs: 25_000 },
    { on: 'open', client: '1.2', heartbeatMs: 0 },
  ],
  authed: [{ on: 'authed' }, { on: 'authed', ref: 1, user: 'ann' }],
  subscribed: [
    { on: 'subscribed', channel: 'orders', again: false },
    { on: 'subscribed', ref: 2, channel: 'private-a', again: true },
    { on: 'subscribed', ref: 'x', channel, again: false, me: ann, roster: rosterOf(ann, seven) },
    { on: 'subscribed', channel, again: false, me: seven, roster: rosterOf() },
    { on: 'subscribed', channel, again: false },
  ],
  unsubscribed: [
    { on: 'unsubscribed', channel },
    { on: 'unsubscribed', ref: 3, channel },
    { on: 'unsubscribed', channel, why: 'expired' },
  ],
  expiring: [{ on: 'expiring', channel, inMs: 30_000 }],
  failed: [
    { on: 'failed', what: 'reject', why: 'bad-frame' },
    { on: 'failed', ref: 4, what: 'subscribe', channel, why: 'unauthorized', detail: 'no', afterMs: 100 },
    { on: 'failed', ref: 4, what: 'publish', channel, why: 'not-subscribed', detail: '"quoted"\n' },
    { on: 'failed', ref: 4, what: 'call', why: 'internal' },
    { on: 'failed', what: 'auth', why: 'unauthorized' },
  ],
  reply: [
    { on: 'reply' },
    { on: 'reply', ref: 5 },
    { on: 'reply', ref: 5, data },
    { on: 'reply', ref: 5, data: Payload.of(null) },
  ],
  members: [
    { on: 'members', ref: 6, channel, roster: rosterOf(ann) },
    { on: 'members', channel, roster: rosterOf() },
  ],
  ask: [{ on: 'ask', ref: 7, method: 'm', data }],
  ping: [{ on: 'ping' }],
  pong: [{ on: 'pong' }, { on: 'pong', ref: 8 }],
}

/** Every event for many clients. */
const BROADCAST: Samples<Broadcast> = {
  message: [
    { on: 'message', channel: 'orders', event: 'e', data },
    { on: 'message', channel: 'private-a', event: 'e', data, from: { client: '1.2', user: 'ann' }, id: 'm1' },
    { on: 'message', channel: 'orders', data: new Payload('no JSON') },
    { on: 'message', channel: 'orders', event: '', data: new Payload('') },
    { on: 'message', event: 'e', data },
    { on: 'message', data: new Payload(new Uint8Array([1, 2])) },
  ],
  join: [
    { on: 'join', channel, member: ann },
    { on: 'join', channel, member: seven },
  ],
  leave: [
    { on: 'leave', channel, member: ann },
    { on: 'leave', channel, member: seven },
  ],
  roster: [
    { on: 'roster', channel, roster: rosterOf(ann, seven) },
    { on: 'roster', channel, roster: rosterOf() },
  ],
  gap: [
    { on: 'gap', channel, count: 3, reason: 'slow' },
    { on: 'gap', channel, count: 0, reason: 'bus' },
    { on: 'gap', count: 1, reason: 'slow' },
  ],
}

const WHY: Readonly<Record<Why, true>> = {
  'bad-frame': true,
  invalid: true,
  unknown: true,
  'auth-expected': true,
  unauthorized: true,
  forbidden: true,
  expired: true,
  'bad-name': true,
  'not-subscribed': true,
  'not-found': true,
  'too-large': true,
  rate: true,
  limit: true,
  disabled: true,
  'no-app': true,
  'bad-version': true,
  timeout: true,
  'local-only': true,
  internal: true,
  closed: true,
  cancelled: true,
  'over-capacity': true,
  shutdown: true,
  idle: true,
  slow: true,
  gap: true,
  terminated: true,
}

export const UNICASTS: readonly Unicast[] = Object.values(UNICAST).flat()
export const BROADCASTS: readonly Broadcast[] = Object.values(BROADCAST).flat()
/** Every word for why something was refused or ended. */
export const WHYS = Object.keys(WHY) as Why[]
