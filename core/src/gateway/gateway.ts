import type { Handshake } from '../contract/conn.ts'
import type { ChannelNames, ChannelOf, Contract, MessageNames } from '../contract/contract.ts'
import type { Platform } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import { rejected } from '../ground/errors.ts'
import type { Client } from '../hub/client.ts'
import type { Hub } from '../hub/hub.ts'
import type { Refusal, Ticket } from './admission.ts'
import type { Context } from './context.ts'
import type { Decision } from './door.ts'
import { sendAway } from './drain.ts'
import type { Explanation } from './explanation.ts'
import type { GatewayClient } from './gateway-client.ts'
import { GatewayParts } from './gateway-parts.ts'
import type { GatewayStats } from './gateway-stats.ts'
import type { AnyHandler, Handler } from './handlers.ts'
import type { User } from './identity.ts'
import type { LifecycleEvents } from './lifecycle.ts'
import { prometheusText } from './metrics.ts'
import type { GatewayLimits, GatewayOptions } from './options.ts'
import type { Middleware, Phase } from './pipeline.ts'
import { asClient, ChannelTarget, type ClientLike, ClientTarget, Group } from './targets.ts'

/** Whose live subscriptions are looked at again. Everything that is given has to match. */
export interface RevokeOptions {
  /** Id of a user. */
  readonly user?: string | undefined
  /** Id of a client. */
  readonly client?: string | undefined
  readonly channel?: string | undefined
}

/**
 * Lets clients talk to a hub: admits connections, authenticates them, speaks their protocols, and takes their messages
 * through middleware to handlers. Groups and targets are its ways to talk back.
 *
 * @example
 * ```ts
 * const gateway = new Gateway()
 * gateway.on('chat', (client, message) => {
 *   gateway.to('lobby').except(client.id).send('chat', message.data)
 * })
 * ```
 */
export class Gateway<C extends Contract = Contract, U extends User = User> {
  readonly #parts: GatewayParts

  /** @throws OptionError when an option is unknown or has a wrong value */
  constructor(options: GatewayOptions<C, U> = {}) {
    this.#parts = new GatewayParts(options as unknown as GatewayOptions)
  }

  /** The hub it stands on. */
  get hub(): Hub {
    return this.#parts.hub
  }

  /** The limits that adapters have to keep too. */
  get limits(): GatewayLimits {
    return this.#parts.limits
  }

  /** The hub's timer, for adapters. */
  get wheel(): TimerWheel {
    return this.hub.wheel
  }

  /** The hub's clock and scheduler, for adapters. */
  get platform(): Platform {
    return this.hub.platform
  }

  /**
   * Has messages with this name handled: events that clients publish, methods that they call. Messages of one client are
   * handled in order, those of different clients at the same time. What the handler returns, or resolves to within 30 s,
   * is the answer; a ClientError that it throws is answered as it is, any other error as `internal`. A second handler for
   * the same name replaces the first.
   */
  on<Name extends MessageNames<C>>(name: Name, handler: Handler<C, U, Name>): this {
    this.#parts.handlers.set(name, handler)
    return this
  }

  /** Handles whatever has no handler of its own; the only one for protocols without names, such as `plain`. */
  onMessage(handler: Handler<Contract, U>): this {
    this.#parts.handlers.setCatchAll(handler as unknown as AnyHandler)
    return this
  }

  /**
   * Goes around steps, in the order of registration: before `next()`, after it, or instead of it. A ClientError that it
   * throws refuses the step and is answered to the client.
   *
   * @param phases - around which steps; all of them when left out
   */
  use(middleware: Middleware<Context<U>>, phases?: readonly Phase[]): this {
    this.#parts.pipeline.use(middleware as unknown as Middleware<Context>, phases)
    return this
  }

  /** Calls `listener` when something happens to clients. Returns how to stop. One that fails disturbs nobody. */
  observe<Name extends keyof LifecycleEvents>(name: Name, listener: LifecycleEvents<U>[Name]): () => void {
    if (name === 'error') return this.onError(listener as LifecycleEvents['error'])
    return this.#parts.lifecycle.on(name, listener as unknown as LifecycleEvents[Name])
  }

  onConnect(listener: LifecycleEvents<U>['connect']): () => void {
    return this.observe('connect', listener)
  }

  onDisconnect(listener: LifecycleEvents<U>['disconnect']): () => void {
    return this.observe('disconnect', listener)
  }

  /** Errors of handlers, authorizers, listeners, protocols and bridges: the hub's `error` events. */
  onError(listener: LifecycleEvents['error']): () => void {
    const heard = (event: Parameters<typeof listener>[0]): void => void listener(event)
    this.hub.on('error', heard)
    return () => this.hub.off('error', heard)
  }

  /**
   * Before the upgrade: may this connection be? Asked by adapters. Never rejects.
   *
   * In this order: is anybody let in (503), is the path served (404), may the page connect (403), are there too many
   * handshakes (429), is there room (503), who is it (401, 403), and what does the middleware for `connect` say?
   */
  admit(handshake: Handshake): Promise<Ticket | Refusal> {
    // Not async: where nobody has to be waited for, this promise is the only one.
    try {
      const answer = this.#parts.door.knock(handshake)
      if (answer instanceof Promise) return answer.then((late) => this.#ticket(late, handshake))
      return Promise.resolve(this.#ticket(answer, handshake))
    } catch (error) {
      return rejected(error)
    }
  }

  #ticket(answer: Decision, handshake: Handshake): Ticket | Refusal {
    if (!answer.ok) return answer
    return { ok: true, accept: (conn) => this.#parts.accept(conn, answer, handshake) }
  }

  /**
   * Whether the page that asks may connect, by the options `allowedOrigins` and `requireOrigin`. For adapters that answer
   * requests across origins; `admit` asks by itself.
   */
  allowsOrigin(handshake: Handshake): boolean {
    return this.#parts.door.allows(handshake)
  }

  /** A client by its id. */
  client(id: string): GatewayClient<U, C> | undefined {
    return this.#parts.connections.get(id)?.face as GatewayClient<U, C> | undefined
  }

  /** All clients of this node but those who still have to say who they are, in a new list. */
  clients(): GatewayClient<U, C>[] {
    const known = [...this.#parts.connections.values()].filter(({ authDue }) => !authDue)
    return known.map(({ face }) => face as unknown as GatewayClient<U, C>)
  }

  /** The subscribers of a channel, or of each of several (a client in two of them gets it twice). */
  to<Channel extends ChannelNames<C>>(
    channels: Channel | readonly Channel[],
  ): ChannelTarget<C, ChannelOf<Channel>> {
    return new ChannelTarget(this.hub, typeof channels === 'string' ? [channels] : channels)
  }

  /** Clients with these ids. Ids that are not here are left out. */
  toClients(ids: readonly string[]): ClientTarget<C> {
    return new ClientTarget(this.hub, () =>
      Array.from(new Set(ids), (id) => this.hub.client(id)).filter((client) => client !== undefined),
    )
  }

  /** All clients of a user on this node. */
  toUser(id: string): ClientTarget<C> {
    return new ClientTarget(this.hub, () => this.#parts.clientsOf(id))
  }

  /** Everybody on this node, but those who still have to say who they are. */
  everyone(): ClientTarget<C> {
    return new ClientTarget(this.hub, () => this.#clients())
  }

  /** Sends to everybody on this node: the same as `everyone().send(event, data)`. */
  broadcast(...message: Parameters<ClientTarget<C>['send']>): number {
    return this.everyone().send(...message)
  }

  /** A group by its name. It needs no making: it is there as long as it has members. */
  group(name: string): Group<C> {
    return new Group(this.hub, this.#parts.groups, name)
  }

  /** The names of the groups that have members, in a new list. */
  groups(): string[] {
    return this.#parts.groups.names()
  }

  /** Takes a client out of all its groups. Done by itself when a client goes. */
  leaveGroups(client: ClientLike): void {
    this.#parts.groups.removeFromAll(asClient(client))
  }

  /**
   * Has live subscriptions authorized again: rights have changed. Whoever is denied now is removed from that channel, and
   * told. Resolves when every answer is in.
   */
  async revoke({ user, client, channel }: RevokeOptions): Promise<void> {
    const users =
      user === undefined ? undefined : new Set(Array.from(this.#parts.clientsOf(user), ({ id }) => id))
    await this.hub.review(
      ({ id }, name) => (users?.has(id) ?? true) && (client ?? id) === id && (channel ?? name) === name,
    )
  }

  stats(): GatewayStats {
    const { counters, handlers, groups } = this.#parts
    const hub = this.hub.stats()
    return {
      clients: hub.clients,
      connections: counters.connections,
      received: { messages: counters.messagesReceived, bytes: counters.bytesReceived },
      sent: { messages: hub.frames.written, bytes: hub.frames.writtenBytes },
      subscriptions: Object.fromEntries(
        this.hub.channels().map((name) => [name, this.hub.channelCount(name)]),
      ),
      groups: groups.names().length,
      handlerErrors: counters.handlerErrors,
      unknown: handlers.unknown,
      refusals: Object.fromEntries(counters.refusals),
      hub,
    }
  }

  /** The same figures as text for Prometheus. No label grows with channels or clients. */
  metrics(): string {
    return prometheusText(this.stats())
  }

  /** Everything this node knows of a client: who and where it is, what waits for it, what happened to it. */
  explain(clientId: string): Explanation {
    const face = this.client(clientId)
    const history = this.#parts.journal.of(clientId)
    if (!face) return { id: clientId, connected: false, history }
    const { client, user, remoteAddress, groups, received, sent } = face
    const channels = client.channels.map((channel) => ({
      channel,
      expiresAt: this.hub.grantEnds(client, channel),
    }))
    const { protocol, queued, dropCounts: drops } = client
    const now = { user: user?.id, protocol, remoteAddress, channels, groups, queued, drops, received, sent }
    return { id: clientId, connected: client.connected, now, history }
  }

  /**
   * Takes this node out of service: nobody is admitted any more (503), handlers in flight finish, and clients are told to
   * go, one after the other over `within` milliseconds. Resolves when all are gone and the hub is closed.
   *
   * @param within - @defaultValue `10_000` ms
   */
  async drain({ within = 10_000 }: { readonly within?: number } = {}): Promise<void> {
    this.#parts.draining = true
    await sendAway([...this.#parts.connections.values()], within, this.wheel)
    await this.hub.close()
  }

  *#clients(): Generator<Client> {
    for (const { client, authDue } of this.#parts.connections.values()) if (!authDue) yield client
  }
}
