import type { Cancel, Origin } from '@fanfare/core/contract'

/** One message on a bus: what is published, and what every subscriber of the channel gets. */
export interface Event {
  /** The channel's name, by the grammar of `@fanfare/core`, or a node's inbox: `!` and the node's number. */
  readonly channel: string
  /** The event's name. Without one, `plain` sends the payload as it is and other protocols call it `message`. */
  readonly name?: string | undefined
  /** JSON text as a rule, other text, or bytes. Opaque to the bus. Bytes are copied when a driver takes them, and so may be used again. */
  readonly payload: string | Uint8Array
  /** Ids of the clients that shall not get it. */
  readonly except?: readonly string[] | undefined
  /** Who caused it, as the receivers are told. */
  readonly from?: Origin | undefined
  /** Under the policy `conflate`, an event replaces a waiting one of the same channel and key. */
  readonly key?: string | undefined
  /** Identifies the event, for whoever has to recognise it again. */
  readonly id?: string | undefined
  /** The number of the node whose hub published it, in digits; a bridge says so. Of an event without a hub there is none. */
  readonly node?: string | undefined
}

/** Gets the events of one channel, one after the other: while it returns a pending promise, the next ones wait. */
export type Handler = (event: Event) => void | Promise<void>

/** What a subscriber can be told besides events. */
export interface SubscribeOptions {
  /**
   * Called where events of the channel may be missing: the connection to the bus was lost and is back, events came too
   * late, or more of them came than could wait. Called before the events that follow the hole.
   */
  readonly gap?: (() => void) | undefined
  /** Calls the subscription off while it waits for the bus; an `AbortSignal` is one. */
  readonly signal?: SubscribeSignal | undefined
}

/** The part of an `AbortSignal` that is looked at. */
export interface SubscribeSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** A subscription that is live. */
export interface Subscription {
  readonly channel: string
  /** Events dropped because this subscription's queue was full. */
  readonly dropped: number
  /** No event comes after this was called. Idempotent, and never rejects. */
  cancel(): Promise<void>
}

/**
 * How a driver is: `connecting` until it is first connected, `up`, `degraded` while the bus cannot be reached or does not
 * answer, `closed` from `close` on.
 */
export type DriverStatus = 'connecting' | 'up' | 'degraded' | 'closed'

/**
 * A bus between processes. Everybody who subscribed to a channel gets what anybody publishes to it, the publisher
 * included.
 */
export interface Driver {
  /** Names this driver among all that ever were: 64 bits drawn when it was made, as sixteen hexadecimal digits. */
  readonly incarnation?: string | undefined
  /**
   * Resolves when the bus has the event. Rejects, within a deadline, with a FanfareError whose code is `refused` (certainly
   * not sent), `unknown` (may have been sent), `too-large`, `bad-message`, `bad-name` or `closed`.
   */
  publish(event: Event): Promise<void>
  /**
   * Resolves when the subscription is live: no event published after that is missed without `gap` being called. Waits for
   * the bus as long as it takes; rejects with a FanfareError when `signal` is aborted (`cancelled`), when the driver is
   * closed (`closed`), or when `channel` is no name (`bad-name`).
   */
  subscribe(channel: string, handler: Handler, options?: SubscribeOptions): Promise<Subscription>
  /** How many events were dropped because the queue of a subscription was full, over all subscriptions so far. */
  dropped(): number
  status(): DriverStatus
  /** Calls back whenever the status changes. A driver that is never anything but `up` needs none. */
  onStatus?(listener: (status: DriverStatus) => void): Cancel
  /** Ends every subscription, sends what is queued, and disconnects. Idempotent, and never rejects. */
  close(): Promise<void>
}

/** Where a driver says what nobody asked for: that a handler failed, that events were dropped. */
export type Logger = (message: string, details: LogDetails) => void

export interface LogDetails {
  readonly channel?: string | undefined
  readonly error?: unknown
  /** Events concerned so far. */
  readonly count?: number | undefined
}
