import type { Server } from 'node:http'
import type { Socket } from 'node:net'

import type { Gateway } from '@fanfare/core'
import { Deadlines } from '@fanfare/core/adapter'

/** How connections that are watched are told apart. */
type ConnectionKey = string | Socket

/**
 * Cuts connections that do not finish their first request in time, whatever timeouts the HTTP server itself has, and when there
 * are too many of them the oldest. It does not hear of upgrades: whoever listens to them says so.
 */
export class HalfOpen {
  readonly #server: Server
  readonly #deadlines: Deadlines<ConnectionKey>
  readonly #most: number
  /** A TLS server tells of a connection before its TLS handshake, and shows another socket from then on. */
  readonly #secure: boolean
  readonly #opened = (socket: Socket): void => this.#watch(socket)
  readonly #asked = ({ socket }: { readonly socket: Socket }): void => this.heard(socket)
  readonly #closed: (this: Socket) => void

  constructor(server: Server, { wheel, limits }: Pick<Gateway, 'wheel' | 'limits'>) {
    // One for all sockets, which say themselves which of them it was.
    const heard = (socket: Socket): void => this.heard(socket)
    this.#closed = function () {
      heard(this)
    }
    this.#server = server
    this.#deadlines = new Deadlines(wheel, limits.handshakeTimeoutMs)
    this.#most = limits.maxHalfOpen
    this.#secure = 'setSecureContext' in server
    server.on('connection', this.#opened)
    server.prependListener('request', this.#asked)
  }

  /** The connection has finished a request, or is over. */
  heard(socket: Socket): void {
    if (this.#deadlines.met(this.#key(socket))) socket.off('close', this.#closed)
  }

  /** Watches no more. */
  stop(): void {
    this.#server.off('connection', this.#opened)
    this.#server.off('request', this.#asked)
    this.#deadlines.clear()
  }

  #watch(socket: Socket): void {
    const key = this.#key(socket)
    if (this.#secure && typeof key !== 'string') return
    this.#deadlines.start(key, key === socket ? cut : () => socket.destroy())
    socket.on('close', this.#closed)
    if (this.#deadlines.size > this.#most) this.#deadlines.giveUpFirst()
  }

  /** The same for the socket that was accepted and for the one that TLS puts around it; without TLS, or TCP, the socket. */
  #key(socket: Socket): ConnectionKey {
    if (!this.#secure) return socket
    const { remoteAddress, remotePort, localAddress } = socket
    return remotePort === undefined ? socket : `${remoteAddress} ${String(remotePort)} ${localAddress}`
  }
}

function cut(key: ConnectionKey): void {
  if (typeof key !== 'string') key.destroy()
}
