/**
 * For adapters that do upgrades with `ws` in their own way: everything from the opened WebSocket to its end.
 *
 * @module
 */
import type { Gateway, Ticket } from '@fanfare/core'
import { Deadlines, Heartbeats, Sessions } from '@fanfare/core/adapter'

import { HalfOpen } from './half-open.ts'
import { handshakeOf } from './handshake.ts'
import { Inflow } from './inflow.ts'
import { watchUpgrades } from './mounts.ts'
import { ClosingWebSocket } from './web-socket.ts'
import { CLOSE_TIMEOUT_MS, maxPayloadOf, webSocketOptions } from './web-socket-options.ts'
import { Wire } from './wire.ts'
import { type Opened, WsConn, type WsHouse } from './ws-conn.ts'

export {
  ClosingWebSocket,
  HalfOpen,
  handshakeOf,
  maxPayloadOf,
  type Opened,
  watchUpgrades,
  webSocketOptions,
  Wire,
}

/** The WebSocket connections of one adapter. */
export class Connections {
  readonly #house: WsHouse
  readonly #conns = new Sessions<WsConn>()

  /** Those whose handshake is answered with the first thing that they are told. */
  #corked: WsConn[] = []

  constructor(gateway: Gateway) {
    const { wheel, limits } = gateway
    this.#house = {
      inflow: new Inflow(gateway),
      heartbeats: new Heartbeats(wheel, limits.heartbeat),
      halfClosed: new Deadlines(wheel, CLOSE_TIMEOUT_MS),
      gone: (conn) => this.#conns.delete(conn),
    }
  }

  get size(): number {
    return this.#conns.size
  }

  /** Has everybody told that the server is closing. Resolves when all of them are gone, after 5 s at most. */
  leave(): Promise<void> {
    return this.#conns.leave()
  }

  open(opened: Opened, ticket: Ticket): void {
    const conn = new WsConn(opened, this.#house)
    const session = ticket.accept(conn)
    this.#conns.add(conn)
    conn.attach(session)
    if (opened.socket.writableCorked > 0) this.#uncorkSoon(conn)
  }

  /** What a client is told first goes out at the end of this turn; whoever is told nothing shall not wait any longer. */
  #uncorkSoon(conn: WsConn): void {
    if (this.#corked.length === 0) {
      setImmediate(() => {
        for (const one of this.#corked) one.uncork()
        this.#corked = []
      })
    }
    this.#corked.push(conn)
  }
}
