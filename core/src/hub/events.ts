import { EventEmitter } from 'eventemitter3'

import type { Member } from '../contract/message.ts'
import type { DropReason } from '../contract/slow-consumer.ts'
import type { Why } from '../ground/why.ts'
import type { Client } from './client.ts'

/** A client is gone: it is out of every channel, and every presence leave has been told. */
export interface DisconnectEvent {
  readonly client: Client
  /** `closed` when the peer went by itself. */
  readonly why: Why
  /** The WebSocket close code, sent or received. */
  readonly code: number
  readonly reason: string
  /** The channels it was in. */
  readonly channels: readonly string[]
}

/** A client came into a channel, or is out of it. */
export interface SubscriptionEvent {
  readonly client: Client
  readonly channel: string
  readonly why?: Why | undefined
}

/** A member came to a presence channel (with its first connection) or left it (with its last). */
export interface PresenceEvent {
  readonly channel: string
  readonly joined: boolean
  readonly member: Member
}

/** A frame did not reach a client. */
export interface DropEvent {
  readonly client: Client
  /** `undefined` for what was sent to the client directly, or when the channel no longer matters. */
  readonly channel: string | undefined
  readonly reason: DropReason
}

/** Something of the application, an adapter or a bridge failed. It hurt nobody but those it names. */
export interface ErrorEvent {
  readonly error: unknown
  readonly where:
    | 'origin'
    | 'authenticate'
    | 'authorizer'
    | 'middleware'
    | 'listener'
    | 'handler'
    | 'protocol'
    | 'policy'
    | 'relay'
    | 'conn'
  readonly client?: Client | undefined
  readonly channel?: string | undefined
}

/** What can be observed of a hub. Listeners watch: they cannot refuse, and one that throws disturbs nobody. */
export interface HubEvents {
  /** A client was added. */
  connect: (client: Client) => unknown
  /** A client is gone. Exactly once per client. */
  disconnect: (event: DisconnectEvent) => unknown
  /** A client was subscribed to a channel. */
  subscribe: (event: SubscriptionEvent) => unknown
  /** A client is out of a channel: it asked for it, left, or lost its grant (then `why` says so). */
  unsubscribe: (event: SubscriptionEvent) => unknown
  presence: (event: PresenceEvent) => unknown
  /** A channel got its first subscriber on this node. */
  occupied: (event: { readonly channel: string }) => unknown
  /** A channel lost its last subscriber on this node. */
  vacated: (event: { readonly channel: string }) => unknown
  /** A frame was lost to a client. */
  drop: (event: DropEvent) => unknown
  /** Without a listener, errors go to the host (`platform.reportError`). */
  error: (event: ErrorEvent) => unknown
}

/** Calls listeners, and survives them. */
export class Events {
  readonly #emitter = new EventEmitter<HubEvents>()
  /** What was given to `once`, by what listens in its place. */
  readonly #given = new WeakMap<object, object>()
  readonly #reportToHost: (error: unknown) => void

  constructor(reportToHost: (error: unknown) => void) {
    this.#reportToHost = reportToHost
  }

  on<Name extends keyof HubEvents>(name: Name, listener: HubEvents[Name]): void {
    this.#emitter.on(name, listener as EventEmitter.EventListener<HubEvents, Name>)
  }

  once<Name extends keyof HubEvents>(name: Name, listener: HubEvents[Name]): void {
    const once = ((event: never): unknown => {
      this.off(name, once)
      return (listener as (event: never) => unknown)(event)
    }) as HubEvents[Name]
    this.#given.set(once, listener)
    this.on(name, once)
  }

  off<Name extends keyof HubEvents>(name: Name, listener: HubEvents[Name]): void {
    for (const here of this.#emitter.listeners(name)) {
      if (here === listener || this.#given.get(here) === listener) this.#emitter.off(name, here)
    }
  }

  heard(name: keyof HubEvents): boolean {
    return this.#emitter.listenerCount(name) > 0
  }

  emit<Name extends Exclude<keyof HubEvents, 'error'>>(
    name: Name,
    event: Parameters<HubEvents[Name]>[0],
  ): void {
    this.#tell(name, event, (error) => this.error({ error, where: 'listener' }))
  }

  error(event: ErrorEvent): void {
    if (this.heard('error')) this.#tell('error', event, (error) => this.#reportToHost(error))
    else this.#reportToHost(event.error)
  }

  #tell(name: keyof HubEvents, event: unknown, failed: (error: unknown) => void): void {
    for (const listener of this.#emitter.listeners(name)) {
      try {
        const call = listener as (event: unknown) => unknown
        const result = call(event)
        if (result instanceof Promise) result.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }
}
