import type { Command, Farewell, Protocol, Unicast, Why } from '@fanfare/core'

import { JsonFault, type JsonMembers, scanJsonObject } from '../../core/src/ground/json-scan.ts'

interface Phase {
  authenticated: boolean
}

/**
 * A dialect in the manner of rubenv/broadcaster's, as far as it shows whether such a one fits: it wants to hear `auth`
 * before anything else, answers name the channel instead of a request, and broken JSON ends the connection.
 *
 * @param trusting - connections count as authenticated from the beginning
 */
export function broadcasterish({ trusting = false } = {}): Protocol<Phase> {
  return {
    name: 'broadcasterish',
    traits: {
      presence: { joinToSelf: false, selfInRoster: false },
      gap: 'count',
      firstMessage: 'expected',
    },
    open: () => ({ scratch: { authenticated: trusting }, greet: false }),
    decode,
    unicast: (event) => {
      const frame = sayOne(event)
      return frame ? [JSON.stringify(frame)] : []
    },
    broadcast: (event) =>
      event.on === 'message' && !event.data.binary
        ? JSON.stringify({ __type: 'message', channel: event.channel, body: event.data.text })
        : undefined,
    bye,
  }
}

function decode(data: string | Uint8Array, phase: Phase): readonly Command[] {
  const frame = typeof data === 'string' ? scanJsonObject(data) : new JsonFault('bytes')
  if (frame instanceof JsonFault)
    return [{ do: 'reject', why: 'bad-frame', detail: frame.detail, close: true }]
  const type = textIn(frame, '__type')
  if (!phase.authenticated) {
    if (type !== 'auth') return [{ do: 'reject', why: 'auth-expected', close: true }]
    // Clients do not wait for the answer before they say more.
    phase.authenticated = true
    return [{ do: 'auth', credentials: data }]
  }
  const channel = textIn(frame, 'channel') ?? ''
  // The channel is the reference: it is what a client looks for in an answer.
  if (type === 'subscribe') return [{ do: 'subscribe', channel, ref: channel }]
  if (type === 'unsubscribe') return [{ do: 'unsubscribe', channel, ref: channel }]
  if (type === 'ping') return [{ do: 'ping' }]
  return [{ do: 'reject', why: 'unknown' }]
}

function textIn(frame: JsonMembers, name: string): string | undefined {
  try {
    const value = frame.value(name)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function sayOne(event: Unicast): object | undefined {
  switch (event.on) {
    case 'authed':
      return { __type: 'authOk' }
    case 'subscribed':
      return { __type: 'subscribeOk', channel: event.channel }
    case 'unsubscribed':
      return event.ref === undefined ? undefined : { __type: 'unsubscribeOk', channel: event.channel }
    case 'failed':
      return failure(event)
    default:
      return undefined
  }
}

function failure({ what, why, channel, detail }: Extract<Unicast, { on: 'failed' }>): object | undefined {
  if (what === 'auth') return { __type: 'authError', reason: 'Unauthorized' }
  if (what === 'subscribe') return { __type: 'subscribeError', channel, reason: detail ?? 'Channel refused' }
  return why === 'unknown' ? { __type: 'unknown' } : undefined
}

function bye(why: Why, _phase: Phase, detail?: string): Farewell {
  if (why === 'bad-frame') return { frames: [], code: 4400, reason: detail ?? '' }
  const auth = why === 'auth-expected' ? 'Auth expected' : why === 'unauthorized' ? 'Unauthorized' : undefined
  if (auth === undefined) return { frames: [], code: why === 'shutdown' ? 1001 : 1000, reason: why }
  return { frames: [JSON.stringify({ __type: 'authError', reason: auth })], code: 4401, reason: auth }
}
