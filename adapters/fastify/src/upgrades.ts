import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Gateway } from '@fanfare/core'
import { Deadlines } from '@fanfare/core/adapter'
import { HalfOpen } from '@fanfare/ws/connections'
import type { WebSocket, WebSocketServer } from 'ws'

/** How long those may take that are being answered when the app closes. */
const LAST_MS = 1_000

/**
 * Connections of a server that have not asked for anything, and upgrade requests that have not become web sockets. Node takes these
 * away from its own timeouts, and whoever
 * answers one of them as if it were an ordinary request leaves its connection open.
 */
export class Upgrades {
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #deadlines: Deadlines<Duplex>
  readonly #last: Deadlines<Duplex>
  readonly #halfOpen: HalfOpen
  readonly #asked = (request: IncomingMessage, socket: Duplex): void => this.#watch(request, socket)
  readonly #opened = (ws: WebSocket, { socket }: IncomingMessage): void => this.#settle(ws, socket)
  readonly #closed: (this: Duplex) => void

  /** @param sockets - makes the web sockets of this server */
  constructor(gateway: Gateway, server: Server, sockets: WebSocketServer) {
    const { wheel, limits } = gateway
    this.#halfOpen = new HalfOpen(server, gateway)
    const deadlines = (this.#deadlines = new Deadlines<Duplex>(wheel, limits.handshakeTimeoutMs))
    const last = (this.#last = new Deadlines<Duplex>(wheel, LAST_MS))
    this.#server = server
    this.#sockets = sockets
    this.#closed = function () {
      deadlines.met(this)
      last.met(this)
    }
    server.prependListener('upgrade', this.#asked)
    sockets.on('connection', this.#opened)
  }

  /** Watches no more. Those that are there still have a second. */
  stop(): void {
    this.#halfOpen.stop()
    this.#server.off('upgrade', this.#asked)
    this.#sockets.off('connection', this.#opened)
    for (const socket of this.#deadlines.clear()) this.#last.start(socket, cut)
  }

  #watch(request: IncomingMessage, socket: Duplex): void {
    this.#halfOpen.heard(request.socket)
    this.#deadlines.start(socket, cut)
    socket.once('close', this.#closed)
  }

  #settle(ws: WebSocket, socket: Duplex): void {
    // Where there is no handler for web sockets it is closed at once, and then waits for its peer.
    setImmediate(() => {
      if (ws.readyState !== ws.OPEN) return
      this.#deadlines.met(socket)
      socket.off('close', this.#closed)
    })
  }
}

function cut(socket: Duplex): void {
  socket.destroy()
}
