import {
  hostPlatform,
  knownOptions,
  type Message,
  type Platform,
  type Why,
  wholeFrom,
} from '@fanfare/core/contract'

import type { BridgedHub } from './bridged-hub.ts'
import type { Driver, DriverStatus, Event, Subscription, SubscribeSignal } from './event.ts'
import { inboxOf } from './event-fault.ts'
import { Linger } from './linger.ts'
import { assertCloseCode, assertPayload, type Outcome, Unicast } from './unicast.ts'

/** How a hub is bridged. */
export interface BridgeOptions {
  /** How long the bus subscription of a channel is kept after its last subscriber left, in milliseconds. @defaultValue `10_000` */
  readonly lingerMs?: number | undefined
  /** How long a client's node may take to answer, in milliseconds; then it is `unreachable`. @defaultValue `2_000` */
  readonly outcomeMs?: number | undefined
  /** Parts of the host to be replaced: clock and scheduler in tests, for example. */
  readonly platform?: Partial<Platform> | undefined
}

/** How something is sent to one client. */
export interface LinkSendOptions {
  /** The message's name. */
  readonly event?: string | undefined
  /** Conflation key. */
  readonly key?: string | undefined
}

/**
 * Joins a hub to a bus: from now on what is broadcast and published on any hub that is bridged to the same bus reaches the
 * subscribers of all of them. A hub is on a bus channel only while somebody here is subscribed to it, and a little longer.
 *
 * @example
 * ```ts
 * const driver = redis({ url: 'redis://127.0.0.1:6379' })
 * const link = bridge(hub, driver)
 * await link.sendTo('17.42', 'to one client, wherever it is')
 * ```
 *
 * @throws OptionError when an option is unknown or has a wrong value; FanfareError `relay-attached` when the hub is bridged
 */
export function bridge(hub: BridgedHub, driver: Driver, options: BridgeOptions = {}): Link {
  return new Link(hub, driver, options)
}

/** A hub's link to a bus. */
export class Link {
  readonly #hub: BridgedHub
  readonly #driver: Driver
  readonly #linger: Linger
  readonly #unicast: Unicast
  readonly #detach: () => Promise<void>
  /** What is open, or lingers. */
  readonly #open = new Map<string, Subscription>()
  /** What waits for the bus. */
  readonly #opening = new Map<string, CallOff>()
  readonly #inbox = new CallOff()
  #closing: Promise<void> | undefined

  /** Use {@link bridge}. */
  constructor(hub: BridgedHub, driver: Driver, options: BridgeOptions = {}) {
    knownOptions('bridge', options, ['lingerMs', 'outcomeMs', 'platform'])
    const lingerMs = wholeFrom('lingerMs', options.lingerMs ?? 10_000, 0)
    const outcomeMs = wholeFrom('outcomeMs', options.outcomeMs ?? 2_000, 1)
    const platform = { ...hostPlatform(), ...options.platform }
    this.#hub = hub
    this.#driver = driver
    this.#linger = new Linger(platform, lingerMs, (channel) => this.#release(channel))
    this.#unicast = new Unicast(hub, driver, platform, outcomeMs)
    this.#detach = hub.attach({
      publish: (message) => driver.publish(eventOf(message, hub.node)),
      open: (channel) => this.#subscribe(channel),
      cancel: (channel) => this.#opening.get(channel)?.now(),
      close: async (channel) => {
        if (this.#open.has(channel)) this.#linger.letGo(channel)
      },
    })
    this.#listen().catch((error: unknown) => platform.reportError(error))
  }

  /** How the bus is. */
  status(): DriverStatus {
    return this.#driver.status()
  }

  /** On how many channels of the bus this hub is, those that linger included. */
  get channels(): number {
    return this.#open.size
  }

  /**
   * Sends to one client, on whatever node. One message to that node, and one back.
   *
   * Rejects with a FanfareError `bad-message` for a payload that is neither text nor bytes, and for nothing else.
   */
  async sendTo(
    clientId: string,
    payload: string | Uint8Array,
    options: LinkSendOptions = {},
  ): Promise<Outcome> {
    assertPayload(payload)
    return this.#unicast.order({ do: 'send', to: clientId, payload, ...options })
  }

  /**
   * Ends the connection of one client, on whatever node.
   *
   * @param code - a word, to which the client's protocol has a close code, or 1000 or 3000 to 4999
   * @param reason - for the client; cut to 123 bytes of UTF-8
   *
   * Rejects with a FanfareError `bad-message` for another number, and for nothing else.
   */
  async disconnect(clientId: string, code?: number | Why, reason?: string): Promise<Outcome> {
    assertCloseCode(code)
    return this.#unicast.order({ do: 'disconnect', to: clientId, code, reason })
  }

  /**
   * Takes the hub off the bus: what it broadcasts reaches its own clients alone from then on. The driver stays open: it may
   * have other users. Idempotent, never rejects.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#detach()
    this.#inbox.now()
    this.#linger.end()
    this.#unicast.end()
  }

  async #subscribe(channel: string): Promise<void> {
    this.#linger.keep(channel)
    if (this.#open.has(channel)) return
    const signal = new CallOff()
    this.#opening.set(channel, signal)
    const gap = (): void => this.#hub.gap(channel)
    try {
      const handler = (event: Event): void => this.#hub.deliver(messageOf(event))
      const subscription = await this.#driver.subscribe(channel, handler, { gap, signal })
      this.#open.set(channel, subscription)
    } finally {
      // Called off, it may end after another attempt has begun.
      if (this.#opening.get(channel) === signal) this.#opening.delete(channel)
    }
  }

  #release(channel: string): void {
    void this.#open.get(channel)?.cancel()
    this.#open.delete(channel)
  }

  /** What is meant for this node alone. While the bus is down this waits for it. */
  async #listen(): Promise<void> {
    const signal = this.#inbox
    try {
      const handler = (event: Event): void => this.#unicast.receive(event)
      const subscription = await this.#driver.subscribe(inboxOf(this.#hub.node), handler, { signal })
      signal.onCall(() => void subscription.cancel())
    } catch (error) {
      if (!signal.aborted && this.#driver.status() !== 'closed') throw error
    }
  }
}

/** An AbortSignal with its controller, for runtimes that have none. */
class CallOff implements SubscribeSignal {
  aborted = false
  readonly #listeners = new Set<() => void>()

  now(): void {
    if (this.aborted) return
    this.aborted = true
    for (const listener of [...this.#listeners]) listener()
  }

  /** Calls back when it is called off; now, if it was. */
  onCall(listener: () => void): void {
    if (this.aborted) listener()
    else this.#listeners.add(listener)
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }
}

function eventOf({ channel, event, data, except, from, key, id }: Message, node: string): Event {
  return { channel, name: event, payload: data, except, from, key, id, node }
}

function messageOf({ channel, name, payload, except, from, key, id }: Event): Message {
  return { channel, event: name, data: payload, except, from, key, id }
}
