import {
  assertChannelName,
  type AuthorizeFunction,
  type AuthorizeRequest,
  type ChannelNames,
  type Contract,
  FanfareError,
  type Grant,
  knownOptions,
  OptionError,
} from '@fanfare/core/contract'

import {
  Broadcast,
  type PresenceName,
  type PresenceNames,
  type PrivateName,
  type PrivateNames,
} from './broadcast.ts'
import { type Broadcastable, dispatch, type DispatchOptions } from './dispatch.ts'
import type { Driver } from './event.ts'

/**
 * May this user join this private or presence channel? Nothing but `true` is a yes. `user` is what the connection was
 * authenticated as (`auth` of the hub's authorize request); opaque here, so look at it before trusting its form.
 */
export type ChannelAuthorizer = (channel: string, user: unknown) => boolean | Promise<boolean>

/**
 * What the other members of a presence channel see of this user, now or in a promise. An `id` in it, text or number,
 * tells one person with two connections from two persons.
 */
export type PresenceData = (channel: string, user: unknown) => unknown

/** What the broadcaster needs of a hub: the hub of `@fanfare/core` is one. */
export interface SubscriberList {
  clients(channel: string): readonly { readonly id: string }[]
}

/** How a broadcaster is made. */
export interface BroadcasterOptions<C extends Contract = Contract> {
  /** Types the channels, the events and their data. Nothing is validated by it. */
  readonly contract?: C | undefined
  /** The hub of this node, for `clients`. */
  readonly hub?: SubscriberList | undefined
  /** Who may join private and presence channels, for `authorizer`. Without it, nobody. */
  readonly authorize?: ChannelAuthorizer | undefined
  /** Who a user is in presence channels, for `authorizer`. */
  readonly presenceData?: PresenceData | undefined
}

const OPTIONS: readonly (keyof BroadcasterOptions)[] = ['contract', 'hub', 'authorize', 'presenceData']

/**
 * Sends events to channels, from any process that reaches the bus: with a hub in it or without.
 *
 *     await broadcaster.private('user.7').toOthers(socketId(request)).emit('OrderShipped', { id: 1 })
 */
export class Broadcaster<C extends Contract = Contract> {
  readonly #driver: Driver
  readonly #hub: SubscriberList | undefined
  #authorize: ChannelAuthorizer | undefined
  #presenceData: PresenceData | undefined

  /**
   * @param driver - the bus; whoever made it closes it
   * @throws OptionError when an option is unknown or has a wrong value
   */
  constructor(driver: Driver, options: BroadcasterOptions<C> = {}) {
    knownOptions('broadcaster', options, OPTIONS)
    const { contract, hub, authorize, presenceData } = options
    if (!hasMethod(driver, 'publish')) throw new OptionError('driver', 'a driver', driver)
    if (hub !== undefined && !hasMethod(hub, 'clients')) throw new OptionError('hub', 'a hub', hub)
    if (contract !== undefined && (typeof contract !== 'object' || contract === null)) {
      throw new OptionError('contract', 'a contract', contract)
    }
    this.#driver = driver
    this.#hub = hub
    if (authorize !== undefined) this.setAuthorizer(authorize)
    if (presenceData !== undefined) this.setPresenceData(presenceData)
  }

  /** Begins a broadcast on these channels, by their full names. */
  channel<Name extends ChannelNames<C>>(...names: readonly Name[]): Broadcast<C, Name> {
    return this.#broadcast().channel(...names)
  }

  /** Begins a broadcast on private channels: `user.7` stands for `private-user.7`, which may be written too. */
  private<Name extends PrivateNames<C>>(...names: readonly Name[]): Broadcast<C, PrivateName<Name>> {
    return this.#broadcast().private(...names)
  }

  /** Begins a broadcast on presence channels: `chat.1` stands for `presence-chat.1`, which may be written too. */
  presence<Name extends PresenceNames<C>>(...names: readonly Name[]): Broadcast<C, PresenceName<Name>> {
    return this.#broadcast().presence(...names)
  }

  /**
   * Broadcasts an event by what it says of itself; see {@link Broadcastable}. Resolves when the bus has it on every
   * channel, or when the event's `broadcastWhen` says no. Rejects as `emit` does, with whatever a method of the event
   * throws, and with a FanfareError `bad-message` when the event has no name. The contract does not type it.
   */
  dispatch(event: Broadcastable, options?: DispatchOptions): Promise<void> {
    return dispatch(this.#driver, event, options)
  }

  /**
   * The ids of the clients that are subscribed to a channel on this node, in a new list.
   *
   * @throws ChannelNameError, or a FanfareError `no-hub` when the broadcaster was given none: who is subscribed is
   * the business of hubs, the bus does not know it
   */
  clients(channel: ChannelNames<C>): string[] {
    assertChannelName(channel)
    if (!this.#hub) {
      throw new FanfareError('no-hub', 'to list clients, give the broadcaster the option hub: its node’s hub')
    }
    return this.#hub.clients(channel).map(({ id }) => id)
  }

  /** Decides from now on who may join private and presence channels. @throws OptionError when it is no function */
  setAuthorizer(authorize: ChannelAuthorizer): void {
    if (typeof authorize !== 'function') throw new OptionError('authorize', 'a function', authorize)
    this.#authorize = authorize
  }

  /** Says from now on who a user is in presence channels. @throws OptionError when it is no function */
  setPresenceData(presenceData: PresenceData): void {
    if (typeof presenceData !== 'function') throw new OptionError('presenceData', 'a function', presenceData)
    this.#presenceData = presenceData
  }

  /**
   * An authorizer for a hub, `new Hub({ authorizer })` or `hub.authorizeWith(authorizer)`, which asks the function
   * set at the time of each join; while none is set, the answer is no. In a presence channel the member is `{ id:
   * data.id, info: data }` of the presence data; when that has no id, the hub makes the member of the client's id
   * alone.
   */
  authorizer(): AuthorizeFunction {
    return (request) => this.#decide(request)
  }

  async #decide({ channel, type, auth }: AuthorizeRequest): Promise<Grant> {
    // Something else that is true, such as a grant that says no, shall not be taken for a yes.
    if ((await this.#authorize?.(channel, auth)) !== true) return { allowed: false }
    const data = type === 'presence' ? await this.#presenceData?.(channel, auth) : undefined
    // Without an id of its own, the client's is taken by the hub.
    return data === undefined ? { allowed: true } : { allowed: true, member: { id: idOf(data), info: data } }
  }

  #broadcast(): Broadcast<C, never> {
    return new Broadcast(this.#driver)
  }
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Readonly<Record<string, unknown>> | null | undefined)?.[name] === 'function'
}

function idOf(data: unknown): string | number | undefined {
  if (typeof data !== 'object' || data === null || !('id' in data)) return undefined
  return typeof data.id === 'string' || typeof data.id === 'number' ? data.id : undefined
}
