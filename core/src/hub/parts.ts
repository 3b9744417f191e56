import type { Conn } from '../contract/conn.ts'
import type { Message } from '../contract/message.ts'
import type { Protocol, Ref, RosterView } from '../contract/protocol.ts'
import type { DropReason } from '../contract/slow-consumer.ts'
import { type Budgets, budgets, budgetStats } from '../ground/budget.ts'
import { CancelledError, OptionError } from '../ground/errors.ts'
import { named } from '../ground/few.ts'
import { knownOptions } from '../ground/options.ts'
import { Payload } from '../ground/payload.ts'
import { hostPlatform, type Platform } from '../ground/platform.ts'
import { TimerWheel } from '../ground/timer-wheel.ts'
import type { Why } from '../ground/why.ts'
import { taken } from '../ground/bytes.ts'
import { takenMessage } from './taken-message.ts'
import type { Channel } from './channel.ts'
import type { AddOptions, Client, SendOptions } from './client.ts'
import { ClientIds } from './client-ids.ts'
import { Counters } from './counters.ts'
import { Departures } from './departures.ts'
import { type ErrorEvent, Events, type HubEvents } from './events.ts'
import { assertPayload, FanOut, messageFault } from './fan-out.ts'
import { Grants } from './grants.ts'
import { Footprint } from './footprint.ts'
import type { Interest } from './interest.ts'
import { JoinGate } from './join-gate.ts'
import { Memberships, type SubscribeOptions } from './memberships.ts'
import { hubLimits, type HubLimits, type HubOptions } from './options.ts'
import { Outlet, type OutletHost } from './outlet.ts'
import { Peer } from './peer.ts'
import { plain } from './plain.ts'
import { Policies } from './policies.ts'
import { Relaying } from './relaying.ts'
import { Sequencer } from './sequencer.ts'
import type { HubStats } from './stats.ts'
import { Turn } from './turn.ts'

const OPTIONS: readonly (keyof HubOptions)[] = [
  'authorizer',
  'authorization',
  'outbox',
  'slowConsumer',
  'budgets',
  'writeTimeoutMs',
  'maxChannelsPerClient',
  'clientId',
  'node',
  'platform',
]

/** The parts of one hub, put together. What the outside sees of them is `Hub`. */
export class HubParts implements OutletHost {
  readonly platform: Platform
  readonly limits: HubLimits
  readonly budgets: Budgets
  readonly policies: Policies
  readonly counters = new Counters()
  readonly sequencer = new Sequencer()
  readonly wheel: TimerWheel
  readonly turn: Turn
  readonly peers = new Map<string, Peer>()
  readonly channels = new Map<string, Channel>()
  readonly events: Events
  readonly fanOut: FanOut
  readonly gate: JoinGate
  readonly grants: Grants
  readonly footprint: Footprint
  readonly memberships: Memberships
  readonly departures: Departures
  readonly relaying: Relaying
  #closed = false
  #closing: Promise<void> | undefined
  readonly #ids: ClientIds
  readonly #newId: () => string

  constructor(options: HubOptions) {
    knownOptions('new Hub', options, OPTIONS)
    this.limits = hubLimits(options)
    this.policies = new Policies(options.slowConsumer ?? 'drop-newest')
    this.platform = { ...hostPlatform(), ...options.platform }
    this.budgets = budgets(options.budgets ?? {}, this.platform.memoryLimit())
    this.#ids = new ClientIds(this.platform, this.limits.node)
    this.#newId = checkedClientId(options) ?? (() => this.#ids.next())
    this.events = new Events((error) => this.platform.reportError(error))
    this.wheel = new TimerWheel(this.platform)
    this.turn = new Turn(this.platform, this.sequencer)
    this.footprint = new Footprint(this.budgets.state)
    this.fanOut = new FanOut(this)
    this.gate = new JoinGate(this, checkedAuthorizer(options), this.limits.authorization)
    this.grants = new Grants(this, this.gate)
    this.memberships = new Memberships(this, this.gate, this.grants)
    this.departures = new Departures(this)
    this.relaying = new Relaying(this)
  }

  /** What the ids of its clients begin with. */
  get node(): string {
    return String(this.#ids.node)
  }

  get interest(): Interest | undefined {
    return this.relaying.interest
  }

  get closed(): boolean {
    return this.#closed
  }

  add(conn: Conn, options: AddOptions): Client {
    const id = this.#newId()
    if (typeof id !== 'string' || id === '' || this.peers.has(id)) {
      throw new OptionError('clientId', 'a function that returns a new, non-empty string at each call', id)
    }
    const protocol: Protocol = options.protocol ?? plain()
    const outlet = new Outlet({ id, conn, protocol, scratch: options.scratch }, this)
    const peer = new Peer(this, outlet, options.auth)
    this.peers.set(id, peer)
    this.emit('connect', peer)
    return peer
  }

  peer(client: Client): Peer {
    const peer = this.peers.get(client.id)
    if (peer !== client) throw new CancelledError('the client is gone, or belongs to another hub')
    return peer
  }

  /** In the middle of an operation it is looked at afterwards: the client may be gone by then, or not subscribed. */
  subscribe(client: Client, channel: string, options: SubscribeOptions): Promise<void> {
    if (this.sequencer.idle) return this.memberships.subscribe(this.peer(client), channel, options)
    const ask = async (): Promise<void> => this.memberships.subscribe(this.peer(client), channel, options)
    return new Promise((resolve) => this.sequencer.free(() => resolve(ask())))
  }

  unsubscribe(client: Client, channel: string, ref: Ref | undefined): void {
    this.sequencer.free(() => {
      const peer = this.peers.get(client.id)
      if (peer === client) this.memberships.unsubscribe(peer, channel, ref)
    })
  }

  deliver(message: Message): void {
    if (messageFault(message)) this.counters.malformed++
    else this.deliverNow(takenMessage(message))
  }

  gap(channel: string): void {
    this.sequencer.run(() => {
      const here = this.channels.get(channel)
      if (here) this.fanOut.announceGap(here)
    })
  }

  stats(): HubStats {
    const { accepted, written, writtenBytes, queuedFrames, queuedBytes, dropped, unread, malformed } =
      this.counters
    let subscriptions = 0
    for (const channel of this.channels.values()) subscriptions += channel.size
    return {
      clients: this.peers.size,
      channels: this.channels.size,
      subscriptions,
      pendingAuthorizations: this.gate.pending,
      relayedChannels: this.interest?.size ?? 0,
      frames: { accepted, written, writtenBytes, queued: queuedFrames, queuedBytes },
      dropped: { ...dropped },
      unread,
      malformed,
      budgets: budgetStats(this.budgets),
    }
  }

  close(): Promise<void> {
    if (this.#closing) return this.#closing
    this.#closed = true
    // Kept before anybody goes: whoever is called back meanwhile may call this again.
    this.#closing = this.#gone()
    for (const peer of [...this.peers.values()]) peer.close('shutdown')
    return this.#closing
  }

  emit<Name extends Exclude<keyof HubEvents, 'error'>>(
    name: Name,
    event: Parameters<HubEvents[Name]>[0],
  ): void {
    if (this.events.heard(name)) this.sequencer.later(() => this.events.emit(name, event))
  }

  report(event: ErrorEvent): void {
    this.sequencer.later(() => this.events.error(event))
  }

  evict(outlet: Outlet, why: Why): void {
    const peer = this.peers.get(outlet.id)
    if (peer) this.sequencer.later(() => peer.close(why))
  }

  unsubscribePeer(peer: Peer, channel: string, why: Why): void {
    this.memberships.unsubscribe(peer, channel, undefined, why)
  }

  /** Sends one message to many clients directly: encoded once per protocol. Returns how many are here. */
  sendToMany(clients: Iterable<Client>, payload: string | Uint8Array, options: SendOptions): number {
    assertPayload(payload)
    const peers: Peer[] = []
    for (const client of clients) {
      const peer = this.peers.get(client.id)
      if (peer === client) peers.push(peer)
    }
    const event = {
      on: 'message',
      event: options.event,
      data: new Payload(taken(payload)),
      from: options.from,
    } as const
    this.sequencer.run(() => this.fanOut.toMany(peers, event, this.policies.hub, options.key))
    return peers.length
  }

  closePeer(peer: Peer, how: Why | number, reason: string | undefined): void {
    this.departures.close(peer, how, reason)
  }

  peerGone(peer: Peer, code: number, reason: string): void {
    this.departures.gone(peer, code, reason)
  }

  dropped(outlet: Outlet, reason: DropReason, channel: string | undefined): void {
    const client = this.peers.get(outlet.id)
    if (client) this.emit('drop', { client, channel, reason })
  }

  rosterFor(outlet: Outlet, channel: string): RosterView | undefined {
    const subscribed = named(this.peers.get(outlet.id)?.subscriptions, channel)
    return subscribed?.channel.roster?.view()
  }

  failed(outlet: Outlet, error: unknown, where: ErrorEvent['where']): void {
    this.report({ error, where, client: this.peers.get(outlet.id) })
  }

  /** To this node's clients; in the middle of an operation, after it. */
  deliverNow(message: Message): void {
    // Closed by what an earlier message of the same call brought about. What was said before the end is still delivered.
    if (!this.#closed) this.#deliver(message)
  }

  #deliver(message: Message): void {
    // The hot path makes no closure unless it has to wait.
    if (!this.sequencer.begin()) {
      this.sequencer.later(() => this.#deliver(message))
      return
    }
    try {
      this.fanOut.deliver(message)
    } finally {
      this.sequencer.end()
    }
  }

  async #gone(): Promise<void> {
    // By then no operation is under way, and those whose close was put off are closing.
    await Promise.resolve()
    await Promise.all([this.departures.settled(), this.relaying.end()])
  }
}

function checkedAuthorizer({ authorizer }: HubOptions): HubOptions['authorizer'] {
  const right =
    authorizer === undefined || typeof authorizer === 'function' || typeof authorizer.authorize === 'function'
  if (right) return authorizer
  throw new OptionError('authorizer', 'a function or { authorize }', authorizer)
}

function checkedClientId({ clientId }: HubOptions): HubOptions['clientId'] {
  if (clientId === undefined || typeof clientId === 'function') return clientId
  throw new OptionError('clientId', 'a function that makes ids', clientId)
}
