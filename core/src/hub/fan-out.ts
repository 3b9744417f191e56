import type { Frame, Lane } from '../contract/conn.ts'
import type { Message } from '../contract/message.ts'
import type { Broadcast, Protocol } from '../contract/protocol.ts'
import type { SlowConsumerPolicy } from '../contract/slow-consumer.ts'
import { assertChannelName, channelNameFault } from '../ground/channel-name.ts'
import { FanfareError } from '../ground/errors.ts'
import { Payload } from '../ground/payload.ts'
import type { Platform } from '../ground/platform.ts'
import type { Why } from '../ground/why.ts'
import type { Channel, Group, Subscriber } from './channel.ts'
import { type Cohort, type Companion, type Excepted, isAmong } from './cohort.ts'
import type { Counters } from './counters.ts'
import type { ErrorEvent } from './events.ts'
import { makeFrame } from './make-frame.ts'
import type { Outlet } from './outlet.ts'
import type { Turn } from './turn.ts'

/** What a fan-out needs of its hub. */
export interface FanOutHost {
  readonly platform: Platform
  readonly counters: Counters
  readonly turn: Turn
  readonly channels: ReadonlyMap<string, Channel>
  readonly peers: ReadonlyMap<string, Subscriber>
  report(event: ErrorEvent): void
  evict(outlet: Outlet, why: Why): void
}

/** Brings one message, or one presence change, to all subscribers of a channel: encoded once per protocol in use. */
export class FanOut {
  readonly #hub: FanOutHost

  constructor(hub: FanOutHost) {
    this.#hub = hub
  }

  /** Delivers to this node's subscribers. A channel without any is no error. */
  deliver(message: Message): void {
    const channel = this.#hub.channels.get(message.channel)
    if (!channel) return
    const event: Broadcast = {
      on: 'message',
      channel: message.channel,
      event: message.event,
      data: new Payload(message.data),
      from: message.from,
      id: message.id,
    }
    const except = this.#excepted(message.except)
    for (const group of channel.groups) {
      const frame = this.#encode(group, event, 'data', message.key)
      if (frame) this.#spread(group, channel, frame, except)
      else this.#undeliverable(group, except, message.channel)
    }
  }

  /** Tells all subscribers of a channel about it. What a protocol has no word for is left out there. */
  announce(channel: Channel, event: Broadcast, lane: Lane, skip: (group: Group) => Outlet | undefined): void {
    for (const group of channel.groups) {
      const frame = this.#encode(group, event, lane)
      if (frame) this.#spread(group, channel, frame, skip(group))
    }
  }

  /** To many clients directly, whatever channels they are in. */
  toMany(clients: Iterable<Subscriber>, event: Broadcast, policy: SlowConsumerPolicy, key?: string): void {
    const frames = new Map<Protocol, Frame | undefined>()
    for (const { outlet } of clients) {
      if (!frames.has(outlet.protocol)) frames.set(outlet.protocol, this.#encode(outlet, event, 'data', key))
      const frame = frames.get(outlet.protocol)
      // By the time it is their turn, some may be gone.
      if (frame) outlet.give(frame, undefined, policy)
      else {
        this.#hub.counters.accepted++
        outlet.drop('encode', undefined)
      }
    }
  }

  /** Tells the subscribers of a channel that messages were lost before they came to this node. */
  announceGap(channel: Channel): void {
    const event: Broadcast = { on: 'gap', channel: channel.name, count: 0, reason: 'bus' }
    for (const group of channel.groups) {
      const how = group.protocol.traits.gap
      if (how === 'count') continue
      const frame = how === 'frame' ? this.#encode(group, event, 'control') : undefined
      if (frame) this.#spread(group, channel, frame, undefined)
      else for (const outlet of group.outlets) this.#hub.evict(outlet, 'gap')
    }
  }

  #spread(group: Group, { name, policy }: Channel, frame: Frame, except: Excepted): void {
    const { outlets } = group
    const cohort = this.#step(group, frame, except)
    if (!cohort) {
      for (const outlet of outlets) if (!isAmong(outlet, except)) this.#owe(outlet, frame, name, policy)
      return
    }
    for (const at of cohort.apart()) {
      const outlet = outlets[at]
      if (!outlet || isAmong(outlet, except)) continue
      if (outlet.cohort === cohort) {
        cohort.relieve(outlet)
        continue
      }
      this.#owe(outlet, frame, name, policy)
      cohort.admit(outlet, at)
    }
  }

  #owe(outlet: Outlet, frame: Frame, channel: string, policy: SlowConsumerPolicy): void {
    outlet.owe(frame, channel, policy)
    this.#hub.counters.accepted++
  }

  /** One step for all who stand together. Whoever does not has to be owed the frame by itself. */
  #step(group: Group, frame: Frame, except: Excepted): Cohort | undefined {
    const { counters, turn } = this.#hub
    const cohort = group.cohorts.current(group.outlets, turn, except)
    if (!cohort) return undefined
    if (except instanceof Set) for (const outlet of except) leave(cohort, outlet)
    else if (except) leave(cohort, except)
    counters.accepted += cohort.owe(frame)
    return cohort
  }

  /** The protocol cannot carry the message: a counted drop for everybody in the group. */
  #undeliverable(group: Group, except: Excepted, channel: string): void {
    for (const outlet of group.outlets) {
      if (isAmong(outlet, except)) continue
      this.#hub.counters.accepted++
      outlet.drop('encode', channel)
    }
  }

  #encode(
    group: { readonly protocol: Protocol },
    event: Broadcast,
    lane: Lane,
    key?: string,
  ): Frame | undefined {
    try {
      const data = group.protocol.broadcast(event)
      return data === undefined ? undefined : makeFrame(this.#hub.platform, data, lane, key)
    } catch (error) {
      this.#hub.report({ error, where: 'protocol' })
      return undefined
    }
  }

  /** Most messages exclude nobody or one client; only a list of several needs a set. */
  #excepted(ids: readonly string[] | undefined): Excepted {
    if (!ids || ids.length === 0) return undefined
    const here = ids.map((id) => this.#hub.peers.get(id)?.outlet).filter((outlet) => outlet !== undefined)
    return here.length > 1 ? new Set(here) : here[0]
  }
}

function leave(cohort: Cohort, outlet: Companion): void {
  if (outlet.cohort === cohort) outlet.leaveCohort()
}

/** Why `message` is none; `undefined` when it is one. What comes from a bus is not trusted to have the right shape. */
export function messageFault(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return 'a message is an object'
  const { channel, event, data, except, key } = message as Record<keyof Message, unknown>
  const fault = channelNameFault(channel) ?? payloadFault(data)
  if (fault) return fault
  if (event !== undefined && typeof event !== 'string') return 'event is a string'
  if (except !== undefined && !isStrings(except)) return 'except is a list of client ids'
  return key === undefined || typeof key === 'string' ? undefined : 'key is a string'
}

/** @throws ChannelNameError, or FanfareError `bad-message`, when `message` is none */
export function assertMessage(message: Message): void {
  const fault = messageFault(message)
  if (!fault) return
  if (typeof message === 'object') assertChannelName(message?.channel)
  throw new FanfareError('bad-message', fault)
}

/** @throws FanfareError `bad-message` when `payload` is neither text nor bytes */
export function assertPayload(payload: unknown): void {
  const fault = payloadFault(payload)
  if (fault) throw new FanfareError('bad-message', fault)
}

function payloadFault(payload: unknown): string | undefined {
  return typeof payload === 'string' || payload instanceof Uint8Array
    ? undefined
    : 'data is a string or bytes'
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
