import type { Contract } from '../contract/contract.ts'
import type { Conn, Handshake, Session } from '../contract/conn.ts'
import type { Opened, Protocol } from '../contract/protocol.ts'
import { CancelledError } from '../ground/errors.ts'
import { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import type { Client, Listener } from '../hub/client.ts'
import type { DisconnectEvent, ErrorEvent, SubscriptionEvent } from '../hub/events.ts'
import type { Hub } from '../hub/hub.ts'
import { makeFrame } from '../hub/make-frame.ts'
import { CountedBatch } from '../hub/batches.ts'
import type { Admitted } from './door.ts'
import { Authentication } from './authentication.ts'
import { gatewayAuthorizer } from './authorization.ts'
import { COMMANDS } from './commands.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import type { Context } from './context.ts'
import { Door, type DoorHost } from './door.ts'
import { GatewayClient, type GatewayClientHost } from './gateway-client.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { GatewayMessage } from './gateway-message.ts'
import { Groups } from './groups.ts'
import { Handlers } from './handlers.ts'
import { watchSilence } from './heartbeat.ts'
import type { User } from './identity.ts'
import { Journal } from './journal.ts'
import { KeptHandshake, sizeOfConnection } from './kept-handshake.ts'
import { Lifecycle } from './lifecycle.ts'
import { type GatewayLimits, type GatewayOptions, type GatewaySettings, gatewaySettings } from './options.ts'
import { Pipeline } from './pipeline.ts'
import type { RateLimits } from './rate-limits.ts'
import { remoteAddress } from './remote-address.ts'
import { SharedTexts } from './shared-texts.ts'
import { Validation } from './validation.ts'

/** The parts of one gateway, put together. What the outside sees of them is `Gateway`. */
export class GatewayParts implements ConnectionHost, DoorHost, GatewayClientHost {
  readonly settings: GatewaySettings
  readonly directMessages: boolean
  readonly commands = COMMANDS
  readonly handlers: Handlers
  readonly pipeline = new Pipeline<Context>()
  readonly validation: Validation
  readonly authentication: Authentication<User>
  readonly counters = new GatewayCounters()
  readonly groups = new Groups()
  readonly journal: Journal
  readonly lifecycle: Lifecycle
  readonly door: Door
  readonly connections = new Map<string, Connection>()
  readonly #texts = new SharedTexts()
  readonly #users = new Map<string, Set<Connection>>()
  draining = false

  constructor(options: GatewayOptions<Contract, User>) {
    this.settings = gatewaySettings(options)
    this.directMessages = options.directMessages ?? false
    this.handlers = new Handlers(this.settings.onUnknown)
    this.validation = new Validation(options.contract ?? {})
    this.journal = new Journal(this.settings.journalSize)
    this.lifecycle = new Lifecycle((error) => this.failed({ error, where: 'listener' }))
    const host = {
      wheel: this.hub.wheel,
      timeoutMs: this.limits.handshakeTimeoutMs,
      failed: (error: unknown) => this.failed({ error, where: 'authenticate' }),
    }
    this.authentication = new Authentication(host, options.authenticate, this.settings.authenticateAt)
    this.door = new Door(this)
    if (options.authorize) {
      const { validation } = this
      const faceOf = (id: string): GatewayClient | undefined => this.connections.get(id)?.face
      this.hub.authorizeWith(gatewayAuthorizer(options, { validation, faceOf }))
    }
    this.hub.on('disconnect', (event) => this.#gone(event))
    this.hub.on('subscribe', (event) => this.#subscribed('subscribe', event))
    this.hub.on('unsubscribe', (event) => this.#subscribed('unsubscribe', event))
  }

  get hub(): Hub {
    return this.settings.hub
  }

  get limits(): GatewayLimits {
    return this.settings.limits
  }

  get rateLimits(): RateLimits {
    return this.settings.rateLimits
  }

  get shut(): boolean {
    return this.draining || this.hub.closed
  }

  crowded(handshake: Handshake): boolean {
    const { state } = this.hub.budgets
    // Of those who are here nobody goes for a newcomer.
    if (state.used + sizeOfConnection(handshake) > state.limit) return true
    return this.hub.count() >= this.limits.maxConnections
  }

  refused({ id }: Client, why: Why, channel: string | undefined): void {
    this.counters.refused(why)
    // Whoever says too much shall not push the others out of the ring as well; and in an outage everybody is refused.
    if (why !== 'rate' && why !== 'local-only') this.#note(id, 'refused', { channel, detail: why })
  }

  failed(event: ErrorEvent): void {
    this.counters.handlerErrors++
    this.hub.reportError(event)
  }

  *clientsOf(user: string): Generator<Client> {
    for (const { client } of this.#users.get(user) ?? []) yield client
  }

  groupsOf(client: Client): string[] {
    return this.groups.of(client)
  }

  remoteAddress(handshake: Handshake): string | undefined {
    return remoteAddress(handshake, this.settings.trustedProxies)
  }

  async ask(client: Client, question: string, data: unknown, timeoutMs: number): Promise<unknown> {
    const connection = this.connections.get(client.id)
    if (!connection?.client.connected) throw new CancelledError('the client is gone')
    const asked = Payload.of(data)
    const answer = await connection.questions.ask(timeoutMs, (ref) => {
      connection.tell({ on: 'ask', ref, method: question, data: asked })
    })
    return this.validation.answer(question, new GatewayMessage(question, answer ?? Payload.of(null)).data)
  }

  /** Takes a connection that the door let in. */
  accept(conn: Conn, { protocol, user }: Admitted, handshake: Handshake): Session {
    const opened = protocol.open(handshake)
    if (this.shut) return this.#turnAway(conn, protocol, opened.scratch)
    const client = this.hub.add(conn, { protocol, scratch: opened.scratch, auth: user })
    // Between the admission and now the hub may have filled up.
    const refuse = opened.refuse ?? (this.hub.count() > this.limits.maxConnections ? CROWDED : undefined)
    if (refuse) {
      this.counters.refused(refuse.why)
      client.close(refuse.why, refuse.detail)
      return client.session
    }
    // A listener of the hub closed it at once: nobody would take it off the lists again.
    if (!client.connected) return client.session
    this.counters.connections++
    const face = new GatewayClient(this, client, handshake, user)
    client.remember(sizeOfConnection(handshake))
    const connection = new Connection(this, face, protocol, opened.scratch)
    this.connections.set(client.id, connection)
    connection.authDue = user === undefined && this.authentication.expectsMessage
    this.#serve(connection, protocol, conn.needsPings === true)
    if (opened.greet) {
      connection.tell({ on: 'open', client: client.id, heartbeatMs: this.limits.heartbeat.intervalMs })
    }
    if (!connection.authDue) this.#ready(connection, user)
    connection.obey(opened.commands ?? [])
    return client.session
  }

  identified(connection: Connection, user: User): void {
    const known = connection.face.user !== undefined
    connection.face.identify(user)
    if (!known) this.#ready(connection, user)
  }

  #ready(connection: Connection, user: User | undefined): void {
    if (user) {
      const connections = this.#users.get(user.id) ?? new Set()
      this.#users.set(user.id, connections.add(connection))
    }
    this.#keepHandshake(connection)
    this.#note(connection.client.id, 'connect', { detail: user?.id })
    connection.announced = true
    this.lifecycle.emit('connect', connection.face)
  }

  /** Of the request nothing is held any more. */
  #keepHandshake({ client, face }: Connection): void {
    const kept = new KeptHandshake(face.handshake, this.settings.keptHandshake, this.#texts)
    // The header that says so may not fit into what is kept.
    face.keepHandshake(kept, this.settings.trustedProxies > 0 ? face.remoteAddress : undefined)
    // The request of a stream is held by its host until it is answered, and that is when it ends.
    if (kept.transport !== 'sse') client.remember(kept.bytes)
  }

  #serve(connection: Connection, protocol: Protocol, needsPings: boolean): void {
    if (needsPings) connection.clocks.push(watchSilence(connection))
    const first = protocol.traits.firstMessage === 'expected' || connection.authDue
    connection.client.listen(first ? this.#expecting(connection) : connection)
  }

  /** Who has not said the first thing in time, or not who it is, is closed. */
  #expecting(connection: Connection): Listener {
    const { client } = connection
    const due = (): boolean => (connection.authDue || !heard) && client.connected
    let heard = false
    const cancel = this.hub.wheel.after(this.limits.handshakeTimeoutMs, () => {
      if (due()) client.close('auth-expected')
    })
    connection.clocks.push(cancel)
    return {
      receive: (data) => {
        heard = true
        connection.receive(data)
        if (!due()) cancel()
      },
    }
  }

  #subscribed(what: 'subscribe' | 'unsubscribe', event: SubscriptionEvent): void {
    const connection = this.connections.get(event.client.id)
    if (!connection) return
    this.#note(event.client.id, what, { channel: event.channel, detail: event.why })
    this.lifecycle.emit(what, connection.face, event)
  }

  #gone(event: DisconnectEvent): void {
    const connection = this.connections.get(event.client.id)
    if (!connection) return
    this.connections.delete(event.client.id)
    this.#note(event.client.id, 'disconnect', {
      detail: `${event.why} ${String(event.code)} ${event.reason}`.trim(),
    })
    this.#forgetUser(connection)
    const step = async (): Promise<unknown> => this.pipeline.run(connection.context('disconnect'), () => {})
    step().catch((error: unknown) => this.failed({ error, where: 'middleware', client: event.client }))
    if (connection.announced) this.lifecycle.emit('disconnect', connection.face, event)
    this.groups.removeFromAll(event.client)
    connection.end()
  }

  #forgetUser(connection: Connection): void {
    const id = connection.face.user?.id
    const connections = id === undefined ? undefined : this.#users.get(id)
    if (id !== undefined && connections?.delete(connection) && connections.size === 0) this.#users.delete(id)
  }

  #note(
    client: string,
    what: string,
    more: { channel?: string | undefined; detail?: string | undefined },
  ): void {
    this.journal.add({ at: this.hub.platform.clock.now(), client, what, ...more })
  }

  /** Nobody is taken any more: say goodbye without the hub. */
  #turnAway(conn: Conn, protocol: Protocol, scratch: unknown): Session {
    const { frames, code, reason } = protocol.bye('shutdown', scratch)
    if (frames.length > 0) {
      conn.write(CountedBatch.of(frames.map((data) => makeFrame(this.hub.platform, data, 'control'))))
    }
    conn.close(code, reason)
    return { receive() {}, writable() {}, closed() {}, leave() {} }
  }
}

const CROWDED: NonNullable<Opened<unknown>['refuse']> = { why: 'over-capacity' }
