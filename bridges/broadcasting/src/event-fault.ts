import {
  channelNameFault,
  ChannelNameError,
  FanfareError,
  isTooDeep,
  MAX_JSON_DEPTH,
} from '@fanfare/core/contract'

import type { Event } from './event.ts'

const INBOX = /^!\d{1,10}$/
const NODE = /^\d{1,10}$/

/** The name under which the node with that number gets what is meant for it alone. No channel has such a name. */
export function inboxOf(node: string): string {
  return `!${node}`
}

/** Why nothing can be published or subscribed to under this name; `undefined` when it can. */
export function busNameFault(name: unknown): string | undefined {
  if (typeof name === 'string' && INBOX.test(name)) return undefined
  return channelNameFault(name)
}

/** @throws ChannelNameError */
export function assertBusName(name: unknown): asserts name is string {
  const fault = busNameFault(name)
  if (fault) throw new ChannelNameError(fault)
}

/** @throws ChannelNameError, or FanfareError `bad-message`, when `event` is none */
export function assertEvent(event: Event): void {
  if (typeof event !== 'object' || event === null)
    throw new FanfareError('bad-message', 'an event is an object')
  assertBusName(event.channel)
  const fault = partsFault(event) ?? payloadFault(event.payload)
  if (fault) throw new FanfareError('bad-message', fault)
}

/** Why what came with the payload is not what belongs to an event. */
export function partsFault(event: object): string | undefined {
  const { name, except, from, key, id, node } = event as Record<keyof Event, unknown>
  for (const [part, value] of Object.entries({ name, key, id })) {
    if (value !== undefined && typeof value !== 'string') return `${part} is a string`
  }
  if (node !== undefined && !(typeof node === 'string' && NODE.test(node)))
    return 'node is a number in digits'
  if (except !== undefined && !isStrings(except)) return 'except is a list of client ids'
  return from === undefined ? undefined : originFault(from)
}

function originFault(from: unknown): string | undefined {
  if (typeof from !== 'object' || from === null) return 'from is an object'
  const { client, user } = from as { client?: unknown; user?: unknown }
  const right = [client, user].every((value) => value === undefined || typeof value === 'string')
  return right ? undefined : 'from.client and from.user are strings'
}

/** Why a payload cannot travel: it is neither text nor bytes, or JSON that is nested too deep. */
export function payloadFault(payload: unknown): string | undefined {
  if (payload instanceof Uint8Array) return undefined
  if (typeof payload !== 'string') return 'payload is a string or bytes'
  if (!isTooDeep(payload) || !isJson(payload)) return undefined
  return `payload is JSON of at most ${String(MAX_JSON_DEPTH)} levels`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
