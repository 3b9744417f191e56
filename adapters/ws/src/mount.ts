import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Gateway, Refusal, Ticket } from '@fanfare/core'
import { Deadlines, pathBelow } from '@fanfare/core/adapter'

import type { Compression } from './compression.ts'
import { Connections } from './connections.ts'
import { HalfOpen } from './half-open.ts'
import { handshakeOf } from './handshake.ts'
import { type MountListener, mountListener, responsibleFor } from './mounts.ts'
import { type HttpRefusal, refuse } from './refuse.ts'
import { Upgrader } from './upgrader.ts'

/** A gateway on an HTTP server. */
export interface Attached {
  /** How many WebSocket connections are open. */
  readonly connections: number
  /**
   * Takes no more connections, says goodbye to those there are as `shutdown`, and resolves when all of them are gone,
   * after 5 s at most. The HTTP server and the gateway stay as they are. Idempotent.
   */
  close(): Promise<void>
}

/** The options of a mount, checked. */
export interface MountSettings {
  readonly path: string
  readonly compression: Compression | undefined
}

/** A request that is to become a WebSocket. */
interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

const RETRY = { 'retry-after': '1' }
const NOT_FOUND = { status: 404, headers: {}, message: 'nothing is served here' }
const TOO_SLOW = { status: 503, headers: RETRY, message: 'the handshake took too long' }
const CLOSING = { status: 503, headers: RETRY, message: 'the server is shutting down' }

/** A gateway's place on an HTTP server: from the upgrade request to the end of the connection. */
export class Mount implements Attached {
  readonly #gateway: Gateway
  readonly #server: Server
  readonly #path: string
  readonly #listener: MountListener
  readonly #upgrader: Upgrader
  readonly #connections: Connections
  /** Connections that have not asked for anything yet. */
  readonly #halfOpen: HalfOpen
  /** Upgrades that the gateway has not decided about yet. */
  readonly #undecided: Deadlines<Duplex>
  /** Upgrades that are somebody else's business, if anybody's. */
  readonly #unclaimed: Deadlines<Duplex>
  #leaving = false
  /** A socket that was waited for is closed. One for all of them, which say themselves which of them it was. */
  readonly #closed: (this: Duplex) => void

  constructor(gateway: Gateway, server: Server, { path, compression }: MountSettings) {
    const { wheel } = gateway
    const { limits } = gateway
    const { handshakeTimeoutMs } = limits
    this.#gateway = gateway
    this.#connections = new Connections(gateway)
    this.#server = server
    this.#path = path
    this.#upgrader = new Upgrader({ limits, compression, failed: (error) => this.#failed(error) })
    this.#halfOpen = new HalfOpen(server, gateway)
    const undecided = (this.#undecided = new Deadlines(wheel, handshakeTimeoutMs))
    const unclaimed = (this.#unclaimed = new Deadlines(wheel, handshakeTimeoutMs))
    this.#closed = function () {
      undecided.met(this)
      unclaimed.met(this)
    }
    this.#listener = mountListener(path, (request, socket, head) => this.#asked(request, socket, head))
    server.on('upgrade', this.#listener)
  }

  get connections(): number {
    return this.#connections.size
  }

  async close(): Promise<void> {
    this.#leaving = true
    this.#server.off('upgrade', this.#listener)
    this.#halfOpen.stop()
    this.#unclaimed.clear()
    for (const socket of this.#undecided.clear()) this.#refuse(socket, CLOSING)
    await this.#connections.leave()
  }

  #asked(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#halfOpen.heard(request.socket)
    // From the first tick on: an error of a socket that nobody listens to would end the process.
    socket.on('error', destroyed)
    const { mount, first, strangers } = responsibleFor(request, this.#server)
    if (mount === this.#listener) this.#decide({ request, socket, head }, strangers)
    else if (!mount && first === this.#listener) this.#disclaim(socket, strangers)
  }

  #decide(upgrade: Upgrade, strangers: boolean): void {
    const { request, socket } = upgrade
    let decided = false
    let waited = false
    this.#gateway
      .admit(handshakeOf(request, pathBelow(this.#path, request.url ?? '') ?? '/'))
      .then((admission) => {
        decided = true
        // Answered meanwhile: it took too long, or the mount was closed.
        if (waited ? this.#met(socket) : !this.#isOver(socket)) {
          this.#answer(upgrade, admission, strangers)
        }
      })
      .catch((error: unknown) => {
        decided = true
        this.#undecided.met(socket)
        socket.destroy()
        this.#failed(error)
      })
    // Mostly the gateway need not ask anybody, and then it has decided before this is called.
    queueMicrotask(() => {
      if (decided || this.#isOver(socket)) return
      waited = true
      socket.on('close', this.#closed)
      this.#undecided.start(socket, () => this.#refuse(socket, TOO_SLOW))
    })
  }

  #answer(upgrade: Upgrade, admission: Ticket | Refusal, strangers: boolean): void {
    if (admission.ok) this.#accept(upgrade, admission)
    else if (admission.why === 'not-found') this.#disclaim(upgrade.socket, strangers)
    else this.#refuse(upgrade.socket, admission)
  }

  /** What was waited for came. What waits for nothing any more holds nothing. */
  #met(socket: Duplex): boolean {
    socket.off('close', this.#closed)
    return this.#undecided.met(socket)
  }

  /** Whether it need not be decided any more: the socket is gone, or the mount closes. */
  #isOver(socket: Duplex): boolean {
    if (this.#leaving) this.#refuse(socket, CLOSING)
    return this.#leaving || socket.destroyed
  }

  #refuse(socket: Duplex, refusal: HttpRefusal): void {
    if (!taken(socket)) refuse(socket, refusal)
  }

  /** Another listener may serve that path. If nobody else listens, or nobody takes it in time, it ends here. */
  #disclaim(socket: Duplex, strangers: boolean): void {
    if (!strangers) {
      refuse(socket, NOT_FOUND)
      return
    }
    socket.on('close', this.#closed)
    this.#unclaimed.start(socket, () => {
      if (!taken(socket)) socket.destroy()
    })
  }

  #accept({ request, socket, head }: Upgrade, ticket: Ticket): void {
    if (taken(socket)) return
    // The answer goes out with what the client is told first, in one write.
    socket.cork()
    this.#upgrader.upgrade(request, socket, head, (ws, wire) => {
      // From here on `ws` listens.
      socket.off('error', destroyed)
      this.#connections.open({ ws, socket: request.socket, wire }, ticket)
    })
  }

  #failed(error: unknown): void {
    this.#gateway.hub.reportError({ error, where: 'conn' })
  }
}

function destroyed(this: Duplex): void {
  this.destroy()
}

/**
 * Whether another listener has taken the socket meanwhile. Node hands it over as one that nobody has begun to read, and
 * whoever takes it reads it.
 */
function taken(socket: Duplex): boolean {
  return socket.readableFlowing !== null
}
