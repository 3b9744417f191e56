import {
  type AuthorizeRequest,
  type Client,
  ClientError,
  type Gateway,
  type GatewayClient,
  type GatewayMessage,
  type Grant,
  type Hub,
  isOutage,
  type Message,
} from '@fanfare/core'

import { Cluster, type Place } from './cluster.ts'
import { guestOf } from './guest.ts'
import { channelOf, isRoom, remarkOf } from './remark.ts'
import { Visit } from './visit.ts'

/** The rooms of the demo: presence channels that anybody may join who gives a name, and in which everybody may talk. */
export class Rooms {
  readonly #hub: Hub
  readonly #cluster: Cluster | undefined
  readonly #visits = new WeakMap<Client, Visit>()

  /** @param place - where this server is among others, when there are others */
  constructor(hub: Hub, place?: Place) {
    this.#hub = hub
    this.#cluster = place && new Cluster(hub, place)
  }

  /** Lets into a room whoever says who they are; into nothing else. */
  authorize({ channel, type, client: { id }, credentials }: AuthorizeRequest): Grant {
    const client = this.#hub.client(id)
    const guest = type === 'presence' && isRoom(channel) ? guestOf(credentials) : undefined
    if (!client || !guest) return { allowed: false }
    this.#visit(client).enter(channel, guest)
    const { name } = guest
    const info = this.#cluster ? { name, node: this.#cluster.node } : { name }
    return { allowed: true, member: { id: guest.id, info } }
  }

  /** Has the gateway answer the calls of the page. */
  open(gateway: Gateway): void {
    gateway.on('chat', (client, message) => this.#chat(client, message))
    this.#cluster?.open(gateway)
  }

  /** Nobody is here any more. */
  close(): void {
    this.#cluster?.close()
  }

  /**
   * `call` `chat` `{room, text}`: everybody in the room gets it, the sender too, under the name the server knows. The answer
   * has `here: true` when the bus is down: those on this server have it, and the others may not get it.
   */
  async #chat({ client }: GatewayClient, message: GatewayMessage): Promise<{ at: number; here?: true }> {
    const { room, text } = remarkOf(message.data)
    const channel = channelOf(room)
    const visit = this.#visit(client)
    const guest = visit.guestIn(channel)
    if (!guest || !client.subscribedTo(channel))
      throw new ClientError('not-subscribed', 'join the room first')
    const { clock } = this.#hub.platform
    if (!visit.pace.take(clock.monotonic())) throw new ClientError('rate', 'not so fast')
    const at = clock.now()
    const data = { text, at, from: { id: guest.id ?? client.id, name: guest.name } }
    const everywhere = await this.#spread({ channel, event: 'chat', data: JSON.stringify(data) })
    return everywhere ? { at } : { at, here: true }
  }

  /** Whether the other servers have it too. */
  async #spread(message: Message): Promise<boolean> {
    const published = this.#hub.publish(message).then(
      () => true,
      (error: unknown) => {
        // Those who are on this server have the message by then.
        if (isOutage(error)) return false
        throw error
      },
    )
    // It is known how that ends, and it takes a while.
    return this.#cluster?.joined === false ? Promise.race([published, Promise.resolve(false)]) : published
  }

  #visit(client: Client): Visit {
    let visit = this.#visits.get(client)
    if (!visit) {
      visit = new Visit(client, this.#hub.platform.clock.monotonic())
      this.#visits.set(client, visit)
    }
    return visit
  }
}
