import type { Authorizer } from '../contract/authorizer.ts'
import type { Conn } from '../contract/conn.ts'
import type { Member, Message, Origin } from '../contract/message.ts'
import type { Ref, RosterView } from '../contract/protocol.ts'
import type { Relay } from '../contract/relay.ts'
import type { Budgets } from '../ground/budget.ts'
import { taken } from '../ground/bytes.ts'
import { HubClosedError, rejected } from '../ground/errors.ts'
import { named } from '../ground/few.ts'
import type { Platform } from '../ground/platform.ts'
import { TimerWheel } from '../ground/timer-wheel.ts'
import type { AddOptions, Client, SendOptions } from './client.ts'
import type { ErrorEvent, HubEvents } from './events.ts'
import { assertMessage } from './fan-out.ts'
import type { SubscribeOptions } from './memberships.ts'
import type { HubOptions } from './options.ts'
import { HubParts } from './parts.ts'
import type { HubStats } from './stats.ts'
import { takenMessage } from './taken-message.ts'

/** How a payload is broadcast. */
export interface BroadcastOptions {
  /** Id, or ids, of clients that shall not get it. */
  readonly except?: string | readonly string[] | undefined
  /** The message's name. Without one, `plain` sends the payload as it is and other protocols call it `message`. */
  readonly event?: string | undefined
  /** Who caused it. */
  readonly from?: Origin | undefined
  /** Under the policy `conflate`, it replaces a waiting frame of the same channel and key. */
  readonly key?: string | undefined
}

/**
 * Clients, channels, presence and outboxes of one process. It moves messages and never parses application data, and it
 * knows no socket: connections are handed to it as {@link Conn}.
 *
 * Everything that a client is owed in one turn of the event loop goes out in one write at its end. What a listener, a
 * policy or an adapter asks of the hub in the middle of an operation happens as if queued after it.
 *
 * @example
 * ```ts
 * const hub = new Hub({ authorizer: ({ auth }) => auth === 'sesame' })
 * const client = hub.add(conn, { auth: 'sesame' })
 * await hub.subscribe(client, 'private-billing')
 * hub.broadcast('private-billing', '{"paid":true}')
 * ```
 */
export class Hub {
  readonly #parts: HubParts

  /** @throws OptionError when an option is unknown or has a wrong value */
  constructor(options: HubOptions = {}) {
    this.#parts = new HubParts(options)
  }

  /** Clock, scheduler and the like, as this hub uses them. */
  get platform(): Platform {
    return this.#parts.platform
  }

  /** The one timer of this hub; gateways and adapters share it. */
  get wheel(): TimerWheel {
    return this.#parts.wheel
  }

  /** What this node holds on behalf of its clients; adapters and gateways say what they hold. */
  get budgets(): Budgets {
    return this.#parts.budgets
  }

  /** The number that the ids of its clients begin with, in digits: what names this node on a bus. */
  get node(): string {
    return this.#parts.node
  }

  /** `true` from the call of {@link close} on. */
  get closed(): boolean {
    return this.#parts.closed
  }

  /**
   * Registers a connection. The adapter reports to `client.session`.
   *
   * @throws HubClosedError after {@link close}
   */
  add(conn: Conn, options: AddOptions = {}): Client {
    this.#open()
    return this.#parts.add(conn, options)
  }

  /**
   * Subscribes a client. On a public channel without a relay the client is subscribed when this returns; otherwise when
   * the promise resolves. The acknowledgement that the client's protocol has is written at that very moment. Subscribing
   * again changes nothing.
   *
   * Rejects with: ChannelNameError; LimitError (128 channels, 16 pending authorizations); UnauthorizedError;
   * CancelledError when the client left, or was unsubscribed, before there was an answer; HubClosedError.
   */
  subscribe(client: Client, channel: string, options: SubscribeOptions = {}): Promise<void> {
    // Not async: a crowd that comes at once makes thousands of these, and mostly nothing has to be waited for.
    try {
      this.#open()
      return this.#parts.subscribe(client, channel, options)
    } catch (error) {
      return rejected(error)
    }
  }

  /** Takes a client out of a channel. Nothing happens when it is not in it, or gone. */
  unsubscribe(client: Client, channel: string, options: { readonly ref?: Ref | undefined } = {}): void {
    this.#open()
    this.#parts.unsubscribe(client, channel, options.ref)
  }

  /**
   * Sends a payload to all subscribers of a channel, or of each of several: a client in two of them gets it twice. A
   * string goes out as text, bytes as binary; bytes are copied, once, so they may be used again at once. A channel without
   * subscribers is no error. A relay that fails causes an
   * `error` event; use {@link publish} to be told.
   *
   * @throws ChannelNameError, HubClosedError, FanfareError `bad-message`; then nothing was sent
   */
  broadcast(
    channels: string | readonly string[],
    payload: string | Uint8Array,
    options: BroadcastOptions = {},
  ): void {
    this.#open()
    const { event, key, from } = options
    const except = typeof options.except === 'string' ? [options.except] : options.except
    const names = typeof channels === 'object' ? channels : [channels]
    const data = taken(payload)
    const messages = names.map((channel): Message => ({ channel, event, data, except, key, from }))
    messages.forEach(assertMessage)
    for (const message of messages) this.#parts.relaying.post(message)
  }

  /**
   * Sends a message with a name. `data` is JSON text, spliced as it is. Resolves when it was delivered, or when the relay
   * has it; rejects when the relay refused it or its fate is unknown, and when it is no message (ChannelNameError,
   * FanfareError `bad-message`).
   */
  async publish(message: Message): Promise<void> {
    this.#open()
    assertMessage(message)
    await this.#parts.relaying.publish(takenMessage(message))
  }

  /** Delivers to this node's clients only; what a bridge calls. What is no message is counted and ignored. */
  deliver(message: Message): void {
    if (!this.closed) this.#parts.deliver(message)
  }

  /** Tells the subscribers of a channel that messages may have been lost on the bus; what a bridge calls. */
  gap(channel: string): void {
    if (!this.closed) this.#parts.gap(channel)
  }

  /**
   * From now on `broadcast` and `publish` go through the relay and come back by {@link deliver}.
   *
   * @returns how to detach it; resolves when the relay has let go of every channel
   * @throws FanfareError `relay-attached` when there is one already
   */
  attach(relay: Relay): () => Promise<void> {
    this.#open()
    return this.#parts.relaying.attach(relay)
  }

  /** Sends to one client; bytes are copied. Returns whether there is such a client on this node. */
  sendTo(clientId: string, payload: string | Uint8Array, options?: SendOptions): boolean {
    this.#open()
    return this.#parts.peers.get(clientId)?.send(payload, options) ?? false
  }

  /** Sends to many clients directly: encoded once per protocol, bytes copied once. Returns how many of them are on this node. */
  sendToMany(clients: Iterable<Client>, payload: string | Uint8Array, options: SendOptions = {}): number {
    this.#open()
    return this.#parts.sendToMany(clients, payload, options)
  }

  /**
   * Asks the authorizer again about a subscription, with fresh credentials. Denied, the client is removed from this
   * channel alone, and the promise rejects with an UnauthorizedError.
   */
  async renew(client: Client, channel: string, options: SubscribeOptions = {}): Promise<void> {
    this.#open()
    await this.#parts.grants.renew(this.#parts.peer(client), channel, options.credentials, options.ref)
  }

  /**
   * Asks the authorizer again, with the credentials of old, about those live subscriptions to private and presence
   * channels that `which` names. Whoever is denied now is removed from that channel as `unauthorized`. Resolves when every
   * answer is in.
   */
  async review(which: (client: Client, channel: string) => boolean): Promise<void> {
    this.#open()
    await this.#parts.grants.reviewAll(this.#parts.peers.values(), which)
  }

  /** Has an authorizer decide that was not known when the hub was made. @throws FanfareError when there is one */
  authorizeWith(authorizer: Authorizer): void {
    this.#parts.gate.use(authorizer)
  }

  /** When the grant of a subscription ends, in milliseconds since 1970; `undefined` when it does not. */
  grantEnds(client: Client, channel: string): number | undefined {
    return named(this.#parts.peers.get(client.id)?.subscriptions, channel)?.leased?.expiresAt
  }

  /** The members of a presence channel, in a new list; `undefined` when it is none, or nobody is in it. */
  presence(channel: string): Member[] | undefined {
    return this.#parts.channels.get(channel)?.roster?.list()
  }

  /** The roster of a presence channel as protocols write it, if this client is subscribed to it. For gateways. */
  roster(client: Client, channel: string): RosterView | undefined {
    const peer = this.#parts.peers.get(client.id)
    return peer === client ? named(peer.subscriptions, channel)?.channel.roster?.view() : undefined
  }

  /** Causes an `error` event, or tells the host when nobody listens. For gateways and adapters. */
  reportError(event: ErrorEvent): void {
    this.#parts.report(event)
  }

  /**
   * Causes an `error` event for a message that did not get to the relay: while the bus is down one a second, which stands
   * for all. For gateways.
   */
  reportRelayError(error: unknown, channel: string): void {
    this.#parts.relaying.failed(error, channel)
  }

  /** How many clients there are. */
  count(): number {
    return this.#parts.peers.size
  }

  /** How many subscribers a channel has. */
  channelCount(channel: string): number {
    return this.#parts.channels.get(channel)?.size ?? 0
  }

  /** The channels that have subscribers, in a new list. */
  channels(): string[] {
    return [...this.#parts.channels.keys()]
  }

  /** A client by its id. */
  client(id: string): Client | undefined {
    return this.#parts.peers.get(id)
  }

  /** All clients, or the subscribers of one channel, in a new list. */
  clients(channel?: string): Client[] {
    if (channel === undefined) return [...this.#parts.peers.values()]
    return [...(this.#parts.channels.get(channel)?.subscribers() ?? [])]
  }

  stats(): HubStats {
    return this.#parts.stats()
  }

  /** Calls `listener` at each event, after the operation that caused it. Returns the hub. */
  on<Name extends keyof HubEvents>(name: Name, listener: HubEvents[Name]): this {
    this.#parts.events.on(name, listener)
    return this
  }

  /** Calls `listener` at the next such event only. */
  once<Name extends keyof HubEvents>(name: Name, listener: HubEvents[Name]): this {
    this.#parts.events.once(name, listener)
    return this
  }

  /** Stops calling `listener`. */
  off<Name extends keyof HubEvents>(name: Name, listener: HubEvents[Name]): this {
    this.#parts.events.off(name, listener)
    return this
  }

  /**
   * Closes every client as `shutdown` and takes nothing more. Resolves when every transport is closed, after 5 s at most;
   * the relay is detached. Idempotent.
   */
  async close(): Promise<void> {
    await this.#parts.close()
  }

  #open(): void {
    if (this.closed) throw new HubClosedError()
  }
}
