import { ClientError, type Gateway, type Hub, type Member } from '@fanfare/core'

import type { ServerBus } from '../bus/server-bus.ts'
import type { BusStatus } from '../bus/status.ts'
import { Elsewhere } from './elsewhere.ts'
import { channelOf, isRoom } from './remark.ts'

/** This server among others. */
export interface Place {
  readonly bus: ServerBus
  /** What this one is called. */
  readonly node: () => string
}

/** What the page is told of the server that it is connected to. */
export interface NodeState {
  readonly node: string
  readonly bus: BusStatus
}

/** The part of the demo that is about several servers. */
export class Cluster {
  readonly #hub: Hub
  readonly #place: Place
  readonly #elsewhere: Elsewhere

  constructor(hub: Hub, place: Place) {
    this.#hub = hub
    this.#place = place
    this.#elsewhere = new Elsewhere(hub, place.bus.driver, (channel) => this.#changed(channel))
  }

  /** What this server is called. */
  get node(): string {
    return this.#place.node()
  }

  /** Whether what is published now reaches the other servers. */
  get joined(): boolean {
    return this.#place.bus.status() === 'up'
  }

  /**
   * Answers `node` with a {@link NodeState}, which clients are also sent when it changes, and `elsewhere` `{room}` with those
   * who are in the room on other servers. Handled here, neither can be published by a client.
   */
  open(gateway: Gateway): void {
    gateway.on('node', () => this.#state())
    gateway.on('elsewhere', ({ client }, { data }) => {
      const { room } = Object(data) as { readonly room?: unknown }
      const channel = channelOf(String(room))
      if (!isRoom(channel) || !client.subscribedTo(channel)) {
        throw new ClientError('not-subscribed', 'join the room first')
      }
      return this.#people(channel)
    })
    this.#place.bus.onStatus(() => {
      if (this.#hub.closed) return
      this.#hub.sendToMany(this.#hub.clients(), JSON.stringify(this.#state()), { event: 'node' })
    })
  }

  /** Tells the others, for the last time, who is here. */
  close(): void {
    this.#elsewhere.close()
  }

  #state(): NodeState {
    return { node: this.node, bus: this.#place.bus.status() }
  }

  #people(channel: string): { readonly members: Member[] } {
    return { members: this.#elsewhere.members(channel) }
  }

  /** For the clients of this server alone. */
  #changed(channel: string): void {
    if (this.#hub.channelCount(channel) === 0) return
    this.#hub.deliver({ channel, event: 'elsewhere', data: JSON.stringify(this.#people(channel)) })
  }
}
