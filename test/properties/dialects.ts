import { plain, type Protocol } from '@fanfare/core'

/**
 * What clients are told, in four dialects. The model uses them as they stand here. The hub has its own `plain`, which has
 * to come to the same frames as ours; the three others are handed to it as protocols.
 *
 * @module
 */

export type Wire = string | Uint8Array

/** Members are given as JSON texts, several of them separated by commas. */
export interface Dialect {
  readonly name: string
  readonly gap: 'frame' | 'close' | 'count'
  readonly joinToSelf: boolean
  readonly selfInRoster: boolean
  message(channel: string | undefined, event: string | undefined, data: Wire): Wire | undefined
  change(on: 'join' | 'leave', channel: string, member: string): Wire
  roster(channel: string, members: string): Wire
  hole(channel: string | undefined, count: number, reason: string): Wire | undefined
  subscribed(told: Subscribed): Wire[]
  unsubscribed(channel: string, ref: unknown, why: string | undefined): Wire[]
  expiring(channel: string, inMs: number): Wire[]
  reply(data: string): Wire[]
  bye(why: string): { frames: Wire[]; code: number; reason: string }
}

export interface Subscribed {
  readonly channel: string
  readonly ref: unknown
  readonly again: boolean
  readonly me?: string | undefined
  readonly members?: string | undefined
}

const PLAIN_CODES: Readonly<Record<string, number>> = {
  closed: 1000,
  slow: 4101,
  gap: 4101,
  internal: 1011,
  shutdown: 4200,
  terminated: 4011,
}

const plainRoster = (channel: string, members: string): string =>
  `{"event":"presence:subscription_succeeded","channel":"${channel}"${members && `,"members":[${members}]`}}`

const PLAIN: Dialect = {
  name: 'plain',
  gap: 'count',
  joinToSelf: true,
  selfInRoster: false,
  message: (_channel, _event, data) => data,
  change: (on, channel, member) =>
    `{"event":"presence:member_${on === 'join' ? 'added' : 'removed'}","channel":"${channel}","member":${member}}`,
  roster: plainRoster,
  hole: () => undefined,
  subscribed: ({ channel, members }) => (members === undefined ? [] : [plainRoster(channel, members)]),
  unsubscribed: () => [],
  expiring: () => [],
  reply: () => [],
  bye: (why) => ({ frames: [], code: PLAIN_CODES[why] ?? 0, reason: why }),
}

/** Says everything there is to say, one JSON object per frame. */
const CHATTY: Dialect = {
  name: 'chatty',
  gap: 'frame',
  joinToSelf: false,
  selfInRoster: true,
  message: (channel, event, data) =>
    typeof data === 'string' ? JSON.stringify({ on: 'message', channel, event, data }) : data,
  change: (on, channel, member) => `{"on":"${on}","channel":"${channel}","member":${member}}`,
  roster: (channel, members) => `{"on":"roster","channel":"${channel}","members":[${members}]}`,
  hole: (channel, count, reason) => JSON.stringify({ on: 'gap', channel, count, reason }),
  subscribed: ({ channel, ref, again, me, members }) => {
    const head = JSON.stringify({ on: 'subscribed', channel, ref, again }).slice(0, -1)
    return [members === undefined ? `${head}}` : `${head},"me":${me ?? 'null'},"members":[${members}]}`]
  },
  unsubscribed: (channel, ref, why) => [JSON.stringify({ on: 'unsubscribed', channel, ref, why })],
  expiring: (channel, inMs) => [JSON.stringify({ on: 'expiring', channel, inMs })],
  reply: (data) => [JSON.stringify({ on: 'reply', data })],
  bye: (why) => ({ frames: [JSON.stringify({ on: 'bye', why })], code: 4000, reason: `because ${why}` }),
}

/** Has no word for a gap and wants to be closed for one; it cannot carry bytes, and says things in two frames. */
const TERSE: Dialect = {
  ...CHATTY,
  name: 'terse',
  gap: 'close',
  selfInRoster: false,
  message: (_channel, _event, data) => (typeof data === 'string' ? data : undefined),
  subscribed: (told) => [...CHATTY.subscribed(told), 'ready'],
}

/** Throws where it can, and is told of its own joins although it stands in its rosters. */
const STRICT: Dialect = {
  ...CHATTY,
  name: 'strict',
  joinToSelf: true,
  message: (channel, event, data) => {
    if (typeof data === 'string' && data.includes('!')) throw new Error('strict does not say that')
    return CHATTY.message(channel, event, data)
  },
  reply: (data) => {
    if (data.length % 2 === 1) throw new Error('strict is even')
    return CHATTY.reply(data)
  },
}

export const DIALECTS: readonly Dialect[] = [PLAIN, CHATTY, TERSE, STRICT]

const PROTOCOLS = new Map<Dialect, Protocol>(
  DIALECTS.map((dialect) => [dialect, dialect === PLAIN ? plain() : protocolOf(dialect)]),
)

/** What the hub is given for a dialect: the same object each time. */
export function protocolFor(dialect: Dialect): Protocol {
  return PROTOCOLS.get(dialect) ?? plain()
}

/** A member as JSON text. */
export function memberJson({ id, info }: { id: string | number; info?: string | undefined }): string {
  return `{"id":${JSON.stringify(id)}${info === undefined ? '' : `,"info":${info}`}}`
}

function protocolOf(dialect: Dialect): Protocol {
  const membersOf = (members: readonly { id: string | number; info?: string | undefined }[]): string =>
    members.map(memberJson).join(',')
  return {
    name: dialect.name,
    traits: {
      presence: { joinToSelf: dialect.joinToSelf, selfInRoster: dialect.selfInRoster },
      gap: dialect.gap,
      firstMessage: 'optional',
    },
    open: () => ({ scratch: undefined, greet: false }),
    decode: () => [],
    unicast: (event) => {
      if (event.on === 'subscribed') {
        const me = event.me && memberJson(event.me)
        return dialect.subscribed({
          ...event,
          ref: event.ref,
          me,
          members: event.roster?.text(dialect.name, membersOf),
        })
      }
      if (event.on === 'unsubscribed') return dialect.unsubscribed(event.channel, event.ref, event.why)
      if (event.on === 'expiring') return dialect.expiring(event.channel, event.inMs)
      return event.on === 'reply' ? dialect.reply(event.data?.text ?? '') : []
    },
    broadcast: (event) => {
      if (event.on === 'message') return dialect.message(event.channel, event.event, event.data.data)
      if (event.on === 'gap') return dialect.hole(event.channel, event.count, event.reason)
      if (event.on === 'roster')
        return dialect.roster(event.channel, event.roster.text(dialect.name, membersOf))
      return dialect.change(event.on, event.channel, memberJson(event.member))
    },
    bye: (why) => dialect.bye(why),
  }
}
