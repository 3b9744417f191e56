import type { Contract, DirectInput, DirectNames, EventInput, EventNames } from '../contract/contract.ts'
import { Payload } from '../ground/payload.ts'
import type { Client } from '../hub/client.ts'
import type { Hub } from '../hub/hub.ts'
import type { Groups } from './groups.ts'

/** How something is sent. */
export interface SendToOptions {
  /** Conflation key. */
  readonly key?: string | undefined
  /** Who caused it, as the receivers are told. */
  readonly from?: { readonly client?: string; readonly user?: string } | undefined
}

/** The subscribers of channels, without some clients. */
export class ChannelTarget<C extends Contract, Channel extends string> {
  readonly #hub: Hub
  readonly #channels: readonly string[]
  readonly #except: readonly string[]

  constructor(hub: Hub, channels: readonly string[], except: readonly string[] = []) {
    this.#hub = hub
    this.#channels = channels
    this.#except = except
  }

  /** The same without these clients. */
  except(...clientIds: readonly string[]): ChannelTarget<C, Channel> {
    return new ChannelTarget(this.#hub, this.#channels, [...this.#except, ...clientIds])
  }

  /** Sends to each channel; on several nodes if there is a relay. `data` is printed as JSON. */
  send<Event extends EventNames<C, Channel>>(
    event: Event,
    data: EventInput<C, Channel, Event>,
    options: SendToOptions = {},
  ): void {
    this.#hub.broadcast(this.#channels, Payload.of(data).text, { ...options, event, except: this.#except })
  }

  /** The same, and resolves when it was delivered, or the relay has it; see `hub.publish`. */
  async publish<Event extends EventNames<C, Channel>>(
    event: Event,
    data: EventInput<C, Channel, Event>,
    options: SendToOptions = {},
  ): Promise<void> {
    const text = Payload.of(data).text
    const message = { ...options, event, data: text, except: this.#except }
    await Promise.all(this.#channels.map((channel) => this.#hub.publish({ ...message, channel })))
  }
}

/** Clients of this node: all of them, those with certain ids, or those of a group. */
export class ClientTarget<C extends Contract> {
  protected readonly hub: Hub
  readonly #clients: () => Iterable<Client>
  readonly #except: ReadonlySet<string>

  constructor(hub: Hub, clients: () => Iterable<Client>, except: ReadonlySet<string> = new Set()) {
    this.hub = hub
    this.#clients = clients
    this.#except = except
  }

  /** The same without these clients. */
  except(...clientIds: readonly string[]): ClientTarget<C> {
    return new ClientTarget(this.hub, this.#clients, new Set([...this.#except, ...clientIds]))
  }

  /** Sends to each of them directly; `data` is printed as JSON. Returns how many there were. */
  send<Event extends DirectNames<C>>(
    event: Event,
    data: DirectInput<C, Event>,
    options: SendToOptions = {},
  ): number {
    const text = Payload.of(data).text
    return this.hub.sendToMany(this.#wanted(), text, { ...options, event })
  }

  *#wanted(): Generator<Client> {
    for (const client of this.#clients()) if (!this.#except.has(client.id)) yield client
  }
}

/** Whoever can stand for a client: itself, or a handler's view of it. */
export type ClientLike = Client | { readonly client: Client }

/** A named set of clients that the server alone fills. */
export class Group<C extends Contract> extends ClientTarget<C> {
  readonly name: string
  readonly #groups: Groups

  constructor(hub: Hub, groups: Groups, name: string) {
    super(hub, () => groups.members(name))
    this.name = name
    this.#groups = groups
  }

  /** Nothing happens when the client is in the group already, or gone. */
  add(client: ClientLike): this {
    this.#groups.add(this.name, asClient(client))
    return this
  }

  remove(client: ClientLike): this {
    this.#groups.remove(this.name, asClient(client))
    return this
  }

  has(client: ClientLike): boolean {
    return this.#groups.has(this.name, asClient(client))
  }

  /** In a new list. */
  members(): Client[] {
    return this.#groups.members(this.name)
  }

  /** The ids of its members, in a new list. */
  ids(): string[] {
    return this.members().map(({ id }) => id)
  }

  get count(): number {
    return this.#groups.count(this.name)
  }

  get isEmpty(): boolean {
    return this.count === 0
  }
}

export function asClient(client: ClientLike): Client {
  return 'client' in client ? client.client : client
}
