import type {
  Broadcast,
  Command,
  Farewell,
  MemberText,
  Protocol,
  RosterView,
  Unicast,
  Why,
} from '@fanfare/core'
import { classifyChannel, Payload } from '@fanfare/core'

import { JsonFault, type JsonMembers, scanJsonObject } from '../../core/src/ground/json-scan.ts'

/**
 * A dialect in the manner of Pusher's, as far as it shows whether such a one fits: data as JSON inside JSON, a roster of
 * ids and hash with the newcomer in it, no word for a gap, close codes and error codes of its own.
 */
export function pusherish(...apps: string[]): Protocol {
  return {
    name: 'pusherish',
    traits: {
      presence: { joinToSelf: false, selfInRoster: true },
      gap: 'close',
      firstMessage: 'optional',
    },
    open: ({ path }) => {
      const known = apps.some((app) => path === `/app/${app}`)
      return { scratch: undefined, greet: true, ...(known ? {} : { refuse: { why: 'no-app' } }) }
    },
    decode,
    unicast: (event) => {
      const frame = sayOne(event)
      return frame === undefined ? [] : [frame]
    },
    broadcast: sayMany,
    bye,
  }
}

const CODES: Partial<Record<Why, number>> = {
  'no-app': 4001,
  unauthorized: 4009,
  terminated: 4009,
  'over-capacity': 4100,
  slow: 4100,
  gap: 4100,
  shutdown: 4200,
  idle: 4201,
}

function decode(data: string | Uint8Array): readonly Command[] {
  const frame = typeof data === 'string' ? scanJsonObject(data) : new JsonFault('bytes')
  if (frame instanceof JsonFault) return [{ do: 'reject', why: 'bad-frame', detail: frame.detail }]
  try {
    return [commandIn(frame)]
  } catch {
    return [{ do: 'reject', why: 'bad-frame', detail: 'not JSON' }]
  }
}

function commandIn(frame: JsonMembers): Command {
  const event = text(frame.value('event'))
  if (event.startsWith('client-')) {
    const data = new Payload(frame.text('data') ?? 'null')
    return { do: 'publish', channel: text(frame.value('channel')), event, data }
  }
  const body = frame.value('data')
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const channel = text(fields['channel'])
  switch (event) {
    case 'pusher:subscribe':
      return { do: 'subscribe', channel, credentials: fields }
    case 'pusher:unsubscribe':
      return { do: 'unsubscribe', channel }
    case 'pusher:ping':
      return { do: 'ping' }
    case 'pusher:pong':
      return { do: 'pong' }
    default:
      return { do: 'reject', why: 'unknown', detail: 'no such event' }
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function sayOne(event: Unicast): string | undefined {
  switch (event.on) {
    case 'open': {
      // A client takes no 0 for an answer.
      const activity = Math.ceil(event.heartbeatMs / 1000) || 120
      return say('pusher:connection_established', { socket_id: event.client, activity_timeout: activity })
    }
    case 'subscribed':
      if (event.roster) return succeeded(event.channel, event.roster)
      // Without a roster here, one follows when the client can take it.
      if (classifyChannel(event.channel) === 'presence') return undefined
      return say('pusher_internal:subscription_succeeded', {}, event.channel)
    case 'failed':
      return failure(event)
    case 'ping':
      return '{"event":"pusher:ping"}'
    case 'pong':
      return '{"event":"pusher:pong"}'
    default:
      return undefined
  }
}

function failure({ what, channel, why, detail }: Extract<Unicast, { on: 'failed' }>): string {
  if (what === 'subscribe') {
    const data = { type: 'AuthError', error: detail ?? why, status: 401 }
    return JSON.stringify({ event: 'pusher:subscription_error', channel, data })
  }
  const code = what === 'publish' ? 4301 : 4009
  return JSON.stringify({ event: 'pusher:error', channel, data: { code, message: detail ?? why } })
}

function sayMany(event: Broadcast): string | undefined {
  switch (event.on) {
    case 'message':
      return message(event)
    case 'join':
    case 'leave': {
      const name = event.on === 'join' ? 'member_added' : 'member_removed'
      const { id, info = 'null' } = event.member
      const body =
        event.on === 'join'
          ? `{"user_id":${JSON.stringify(id)},"user_info":${info}}`
          : JSON.stringify({ user_id: id })
      return `{"event":"pusher_internal:${name}","channel":"${event.channel}","data":${JSON.stringify(body)}}`
    }
    case 'roster':
      return succeeded(event.channel, event.roster)
    case 'gap':
      return undefined
  }
}

/** Names of the protocol itself nobody may publish. What a client published is marked as such, and keeps its type. */
function message({
  channel,
  event = 'message',
  data,
  from,
}: Extract<Broadcast, { on: 'message' }>): string | undefined {
  if (data.binary || /^pusher(_internal)?:/.test(event)) return undefined
  const head = channel === undefined ? '' : `,"channel":${JSON.stringify(channel)}`
  if (from?.client === undefined)
    return `{"event":${JSON.stringify(event)}${head},"data":${JSON.stringify(data.text)}}`
  const name = event.startsWith('client-') ? event : `client-${event}`
  return `{"event":${JSON.stringify(name)}${head},"data":${data.json}}`
}

function say(event: string, data: object, channel?: string): string {
  return JSON.stringify({ event, channel, data: JSON.stringify(data) })
}

function succeeded(channel: string, roster: RosterView): string {
  const data = roster.text('pusherish', (members) => JSON.stringify(`{"presence":${hashOf(members)}}`))
  return `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":${data}}`
}

function hashOf(members: readonly MemberText[]): string {
  const ids = members.map(({ id }) => JSON.stringify(id)).join(',')
  const hash = members.map(({ id, info = '{}' }) => `${JSON.stringify(String(id))}:${info}`).join(',')
  return `{"count":${String(members.length)},"ids":[${ids}],"hash":{${hash}}}`
}

function bye(why: Why, _scratch: unknown, detail?: string): Farewell {
  const code = CODES[why] ?? 4000
  if (why === 'closed') return { frames: [], code: 1000, reason: '' }
  return {
    frames: [JSON.stringify({ event: 'pusher:error', data: { code, message: detail ?? why } })],
    code,
    reason: why,
  }
}
