import type { Message } from '@fanfare/core'
import type { PolicyChoice } from './actions.ts'
import type { Dialect, Wire } from './dialects.ts'
import { frameOf } from './model-box.ts'
import type { ModelClient } from './model-client.ts'
import type { Model } from './model.ts'
import type { Data } from './side.ts'
import { once } from './stage.ts'

/** How the model's messages come to clients: to the subscribers of a channel, or to a client directly. */
export class ModelMessages {
  readonly #model: Model

  constructor(model: Model) {
    this.#model = model
  }

  /** Through the relay, if there is one. */
  publish(message: Message, ended: (outcome: string) => void): void {
    const { relay, stage } = this.#model
    if (!relay) {
      this.deliver(message)
      ended('fulfilled')
      return
    }
    const mode = stage.relay.publish
    stage.noteRelayCall('publish', message.channel)
    const answer = once((ok) => {
      if (ok) this.deliver(message)
      ended(ok ? 'fulfilled' : 'no code')
    })
    if (mode === 'later') stage.openRelayCalls.push(answer)
    else answer(mode === 'now')
  }

  deliver({ channel, event, data, except = [], key }: Message): void {
    if (this.#model.closed) return
    this.#model.clock.operation(() => {
      const policy = this.#policy(channel)
      for (const [dialect, clients] of this.#model.channels.get(channel)?.groups ?? []) {
        const wire = this.#encoded(dialect, channel, event, data)
        for (const client of clients.filter(({ id }) => !except.includes(id))) {
          if (wire === undefined) client.drop(channel, 'encode')
          else client.give(frameOf(wire, 'data', channel, key), policy)
        }
      }
    })
  }

  /** Returns whether the client is connected; one that is not counts a drop. */
  send(client: ModelClient, data: Data, { event, key }: { event?: string; key?: string }): boolean {
    const { connected } = client
    this.#model.clock.operation(() => this.#give(client, client.message(event, data), key))
    return connected
  }

  /** Returns how many of them are here. */
  sendToMany(clients: readonly ModelClient[], data: Data, key: string | undefined): number {
    const here = clients.filter(({ id }) => this.#model.present.has(id))
    this.#model.clock.operation(() => {
      const encoded = new Map<Dialect, { wire: Wire | undefined }>()
      for (const client of here) {
        const { dialect } = client
        const known = encoded.get(dialect) ?? { wire: this.#encoded(dialect, undefined, undefined, data) }
        encoded.set(dialect, known)
        this.#give(client, known.wire, key)
      }
    })
    return here.length
  }

  /** The subscribers of a channel are told that something is missing, or closed if they have no word for it. */
  gap(channel: string): void {
    if (this.#model.closed) return
    this.#model.clock.operation(() => {
      for (const client of this.#model.channels.get(channel)?.clients ?? []) {
        const { gap } = client.dialect
        const told = gap === 'frame' ? client.dialect.hole(channel, 0, 'bus') : undefined
        if (gap === 'close') this.#model.evict(client, 'gap')
        if (told !== undefined) client.give(frameOf(told, 'control', channel))
      }
    })
  }

  #give(client: ModelClient, wire: Wire | undefined, key: string | undefined): void {
    if (wire === undefined) client.drop(undefined, 'encode')
    else client.give(frameOf(wire, 'data', undefined, key), this.#model.setup.policy)
  }

  #policy(channel: string): PolicyChoice {
    return channel.startsWith('pr') ? this.#model.setup.guardedPolicy : this.#model.setup.policy
  }

  /** Once for all that share a dialect; so an error is told once, too. */
  #encoded(
    dialect: Dialect,
    channel: string | undefined,
    event: string | undefined,
    data: Data,
  ): Wire | undefined {
    try {
      return dialect.message(channel, event, data)
    } catch {
      this.#model.error('protocol')
      return undefined
    }
  }
}
