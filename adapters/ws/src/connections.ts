/**
 * For adapters that do upgrades with `ws` in their own way: everything from the opened WebSocket to its end.
 *
 * @module
 */
import type { Socket } from 'node:net'

import type { Gateway, Ticket } from '@fanfare/core'
import { Deadlines, Sessions, watchHeartbeat } from '@fanfare/core/adapter'

import { handshakeOf } from './handshake.ts'
import { CLOSE_TIMEOUT_MS } from './upgrader.ts'
import { ClosingWebSocket } from './web-socket.ts'
import { Wire } from './wire.ts'
import { WsConn } from './ws-conn.ts'

export { ClosingWebSocket, handshakeOf, Wire }

/** A WebSocket that was opened, and the socket below it. */
export interface Opened {
  /** A {@link ClosingWebSocket} tells of a close frame at once; any other of the end of the connection. */
  readonly ws: ClosingWebSocket
  readonly socket: Socket
  /** What goes out is written through this; connections that negotiated the same share one. */
  readonly wire: Wire
}

/** The WebSocket connections of one adapter. */
export class Connections {
  readonly #gateway: Gateway
  readonly #sessions = new Sessions()
  /** Connections whose peer ended its side without saying goodbye. */
  readonly #halfClosed: Deadlines<WsConn>

  constructor(gateway: Gateway) {
    this.#gateway = gateway
    this.#halfClosed = new Deadlines(gateway.wheel, CLOSE_TIMEOUT_MS)
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Has everybody told that the server is closing. Resolves when all of them are gone, after 5 s at most. */
  leave(): Promise<void> {
    return this.#sessions.leave()
  }

  open({ ws, socket, wire }: Opened, ticket: Ticket): void {
    const conn = new WsConn(ws, socket, wire)
    const session = ticket.accept(conn)
    const { wheel, limits } = this.#gateway
    const unwatch = watchHeartbeat(wheel, limits.heartbeat, {
      heard: () => socket.bytesRead,
      ping: () => {
        if (ws.readyState === ws.OPEN) ws.ping()
      },
      dead: () => {
        session.leave('idle')
        conn.terminate()
      },
    })
    // What is still to be sent may keep such a connection open for as long as the peer likes.
    socket.once('end', () => this.#halfClosed.start(conn, () => conn.terminate()))
    this.#sessions.add(session)
    conn.attach(session, () => {
      unwatch()
      this.#halfClosed.met(conn)
      this.#sessions.delete(session)
    })
  }
}
