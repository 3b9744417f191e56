import type {
  ChannelOf,
  Contract,
  EventInput,
  EventNames,
  EventOutput,
  InfoOf,
  Member,
} from '@fanfare/core/contract'

import type { ChannelEvent, ChannelSignals, ChannelState } from './channel-types.ts'
import type { Courier } from './courier.ts'
import type { Off } from './listeners.ts'
import type { RequestOptions } from './requests.ts'
import type { Subscription } from './subscription.ts'

/** A member of a presence channel, with its info as the contract has it. */
export type MemberOf<C, Name extends string> = Omit<Member, 'info'> & { readonly info?: InfoOf<C, Name> }

/** Any event of a channel: `event` tells which, and so what `data` is. */
export type EventOf<C, Name extends string> = {
  [Event in EventNames<C, Name>]: ChannelEvent<Event, EventOutput<C, Name, Event>>
}[EventNames<C, Name>]

type SignalTypes<C, Name extends string> = Omit<ChannelSignals, 'joined' | 'left' | 'subscribed'> & {
  subscribed(now: {
    readonly members: readonly MemberOf<C, Name>[]
    readonly me: MemberOf<C, Name> | undefined
  }): void
  joined(member: MemberOf<C, Name>): void
  left(member: MemberOf<C, Name>): void
}

/** How events are read with a loop. */
export interface ReadOptions {
  /** How many events may wait for a slow loop; the oldest go first. @defaultValue the client's `bufferSize` */
  readonly buffer?: number | undefined
}

/** How an event is published. */
export interface PublishOptions extends RequestOptions {
  /** Whether this client gets its own event too. @defaultValue `false` */
  readonly echo?: boolean | undefined
}

/** What channels have in common within a client. */
export interface ChannelSettings {
  readonly bufferSize: number
}

/**
 * A channel, as one client sees it. Listening subscribes: the first listener for events, members or a loop asks the
 * server, the last one to go unsubscribes, unless `subscribe()` was called. A subscription that was lost with the
 * connection is made again by itself.
 */
export class Channel<C extends Contract = Contract, Name extends string = string> implements AsyncIterable<
  EventOf<C, Name>
> {
  readonly #subscription: Subscription
  readonly #courier: Courier
  readonly #settings: ChannelSettings

  /** @internal */
  constructor(subscription: Subscription, courier: Courier, settings: ChannelSettings) {
    this.#subscription = subscription
    this.#courier = courier
    this.#settings = settings
  }

  get name(): Name {
    return this.#subscription.name as Name
  }

  get state(): ChannelState {
    return this.#subscription.state
  }

  /**
   * Who is in a presence channel, this client included. The same list until it changes, and then a new one. While there
   * is no connection it stays as it was.
   */
  get members(): readonly MemberOf<C, Name>[] {
    return this.#subscription.roster.list as readonly MemberOf<C, Name>[]
  }

  /** This client's own member in a presence channel. */
  get me(): MemberOf<C, Name> | undefined {
    return this.#subscription.me as MemberOf<C, Name> | undefined
  }

  /**
   * Listens to an event.
   *
   * @returns how to stop listening
   */
  on<Event extends EventNames<C, Name>>(
    event: Event,
    listener: (
      data: EventOutput<C, Name, Event>,
      event: ChannelEvent<Event, EventOutput<C, Name, Event>>,
    ) => void,
  ): Off {
    return this.#subscription.audience.on(event, listener as (data: unknown, event: ChannelEvent) => void)
  }

  /**
   * Listens to what happens to the channel itself: `subscribed`, `unsubscribed`, `joined`, `left`, `gap`, `expiring`,
   * `error`. An error that nobody listens for goes to the client's `error`.
   *
   * @returns how to stop listening
   */
  when<Signal extends keyof ChannelSignals>(signal: Signal, listener: SignalTypes<C, Name>[Signal]): Off {
    return this.#subscription.audience.when(signal, listener)
  }

  /**
   * Subscribes, and stays so until `unsubscribe()`. Resolves when the server said yes, which without a connection may
   * take a while; rejects with the server's code when it said no, and with `cancelled` or `closed`.
   */
  subscribe(): Promise<void> {
    return this.#subscription.subscribe()
  }

  /** Unsubscribes, and ends the loops. Listeners stay, and are called again once something subscribes. */
  unsubscribe(): void {
    this.#subscription.unsubscribe()
  }

  /** Iterates over the events from now on, until `unsubscribe()` or the end of the loop. */
  [Symbol.asyncIterator](): AsyncIterableIterator<EventOf<C, Name>> {
    return this.events()
  }

  /** As iterating over the channel itself, with options. It subscribes at once, and buffers until it is read. */
  events({ buffer = this.#settings.bufferSize }: ReadOptions = {}): AsyncIterableIterator<EventOf<C, Name>> {
    return this.#subscription.audience.read(Math.max(1, buffer)) as AsyncIterableIterator<EventOf<C, Name>>
  }

  /**
   * Publishes to the others in a private or presence channel. Waits for a subscription that is under way. Resolves when
   * the server took it.
   */
  async publish<Event extends EventNames<C, Name>>(
    event: Event,
    data: EventInput<C, Name, Event>,
    { echo = false, ...options }: PublishOptions = {},
  ): Promise<void> {
    const { name } = this.#subscription
    await this.#courier.ask({ op: 'pub', channel: name, event, data, echo: echo || undefined }, options, name)
  }

  /** Asks the server who is in the presence channel, and brings `members` up to date. */
  async who(options: RequestOptions = {}): Promise<readonly MemberOf<C, Name>[]> {
    const { name } = this.#subscription
    await this.#courier.ask({ op: 'who', channel: name }, options, name, ({ members = [] }) =>
      this.#subscription.members(members),
    )
    return this.members
  }
}

/** Channel names of a contract: of its events, and of its presence channels. Any string without either. */
export type NamesIn<C> = C extends { readonly events: infer Events }
  ? ChannelOf<(keyof Events | PresencePatterns<C>) & string>
  : string

type PresencePatterns<C> = C extends { readonly presence: infer Presence } ? keyof Presence : never
