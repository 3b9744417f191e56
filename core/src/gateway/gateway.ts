import type { Conn, Handshake, Session } from '../contract/conn.ts'
import type { Protocol } from '../contract/protocol.ts'
import type { Platform } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import type { Hub } from '../hub/hub.ts'
import { makeFrame } from '../hub/make-frame.ts'
import { CountedBatch } from '../hub/turn.ts'
import { type Refusal, refusal, type Ticket } from './admission.ts'
import { COMMANDS } from './commands.ts'
import { Connection, type ConnectionHost, type Handler } from './connection.ts'
import { GatewayClient } from './gateway-client.ts'
import {
  type GatewayLimits,
  type GatewayOptions,
  type GatewaySettings,
  gatewaySettings,
  protocolAt,
} from './options.ts'

/**
 * Lets clients talk to a hub: admits connections, speaks their protocols, and hands their messages to handlers.
 *
 * @example
 * ```ts
 * const gateway = new Gateway()
 * gateway.on('chat', (client, message) => {
 *   gateway.hub.broadcast('lobby', message.text)
 * })
 * ```
 */
export class Gateway {
  readonly #settings: GatewaySettings
  readonly #handlers = new Map<string, Handler>()
  #catchAll: Handler | undefined
  readonly #host: ConnectionHost

  /** @throws OptionError when an option is unknown or has a wrong value */
  constructor(options: GatewayOptions = {}) {
    this.#settings = gatewaySettings(options)
    const { hub, limits } = this.#settings
    this.#host = {
      hub,
      commands: COMMANDS,
      maxMessageBytes: limits.maxMessageBytes,
      handlerFor: (event) => this.#handlers.get(event) ?? this.#catchAll,
      failed: (event) => hub.reportError(event),
    }
  }

  /** The hub it stands on. */
  get hub(): Hub {
    return this.#settings.hub
  }

  /** The limits that adapters have to keep too. */
  get limits(): GatewayLimits {
    return this.#settings.limits
  }

  /** The hub's timer, for adapters. */
  get wheel(): TimerWheel {
    return this.hub.wheel
  }

  /** The hub's clock and scheduler, for adapters. */
  get platform(): Platform {
    return this.hub.platform
  }

  /**
   * Has messages with this name handled: events that clients publish, methods that they call. Messages of one client are
   * handled in order, those of different clients at the same time. What the handler returns, or resolves to, is the
   * answer; a ClientError that it throws is answered as it is, any other error as `internal`. A second handler for the
   * same name replaces the first.
   */
  on(event: string, handler: Handler): this {
    this.#handlers.set(event, handler)
    return this
  }

  /** Handles whatever has no handler of its own; the only one for protocols without names, such as `plain`. */
  onMessage(handler: Handler): this {
    this.#catchAll = handler
    return this
  }

  /**
   * Before the upgrade: may this connection be? Asked by adapters. Never rejects.
   *
   * In this order: is the hub open (503), is the path served (404), may the page connect (403), is there room (503)?
   */
  async admit(handshake: Handshake): Promise<Ticket | Refusal> {
    if (this.hub.closed) return refusal('shutdown', 'the server is shutting down')
    const protocol = protocolAt(this.#settings.protocols, handshake.path)
    if (!protocol) return refusal('not-found', 'nothing is served here')
    if (!this.#originAllowed(handshake)) return refusal('forbidden', 'this origin may not connect')
    if (this.#crowded()) return refusal('over-capacity', 'too many connections')
    return { ok: true, accept: (conn) => this.#accept(conn, protocol, handshake) }
  }

  #originAllowed(handshake: Handshake): boolean {
    try {
      // A function in JavaScript may answer with anything; a promise, for one, would be truthy.
      return this.#settings.originAllowed(handshake) === true
    } catch (error) {
      this.hub.reportError({ error, where: 'handler' })
      return false
    }
  }

  #crowded(): boolean {
    return this.hub.count() >= this.limits.maxConnections
  }

  #accept(conn: Conn, protocol: Protocol, handshake: Handshake): Session {
    const opened = protocol.open(handshake)
    // Between the admission and now the hub may have closed or filled up.
    const refuse = opened.refuse ?? (this.#crowded() ? { why: 'over-capacity' as const } : undefined)
    if (this.hub.closed) return this.#turnAway(conn, protocol, opened.scratch)
    const client = this.hub.add(conn, { protocol, scratch: opened.scratch })
    if (refuse) {
      client.close(refuse.why, refuse.detail)
      return client.session
    }
    const connection = new Connection(
      this.#host,
      new GatewayClient(client, handshake),
      protocol,
      opened.scratch,
    )
    const heardOf = this.#expectFirstMessage(connection, protocol)
    void client
      .serve((_client, data) => {
        heardOf()
        connection.receive(data)
      })
      .then(() => {
        heardOf()
        connection.end()
      })
    if (opened.greet) {
      connection.tell({ on: 'open', client: client.id, heartbeatMs: this.limits.heartbeat.intervalMs })
    }
    connection.obey(opened.commands ?? [])
    return client.session
  }

  /** Whoever owes a first message has a few seconds for it. Returns what to call when it came. */
  #expectFirstMessage(connection: Connection, protocol: Protocol): () => void {
    if (protocol.traits.firstMessage === 'optional') return () => {}
    return this.wheel.after(this.limits.handshakeTimeoutMs, () => connection.client.close('auth-expected'))
  }

  /** The hub is closed and takes no client any more: say goodbye without it. */
  #turnAway(conn: Conn, protocol: Protocol, scratch: unknown): Session {
    const { frames, code, reason } = protocol.bye('shutdown', scratch)
    if (frames.length > 0) {
      conn.write(CountedBatch.of(frames.map((data) => makeFrame(this.platform, data, 'control'))))
    }
    conn.close(code, reason)
    return { receive() {}, writable() {}, closed() {}, leave() {} }
  }
}
