import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { type Gateway, OptionError, type Refusal, type Session, type Ticket } from '@fanfare/core'
import { WebSocketServer } from 'ws'

import { type CompressionOptions, deflater, offersDeflate } from './compression.ts'
import { watchHalfOpen } from './half-open.ts'
import { handshakeOf, pathBelow } from './handshake.ts'
import { watchHeartbeat } from './heartbeat.ts'
import { refuse } from './refuse.ts'
import { ClosingWebSocket } from './web-socket.ts'
import { Wire } from './wire.ts'
import { WsConn } from './ws-conn.ts'

/** How a gateway is mounted on an HTTP server. */
export interface AttachOptions {
  /** Where it is mounted; the paths of its protocols lie below. Other paths are left to others. @defaultValue `'/'` */
  readonly path?: string | undefined
  /** Compression of messages, for clients that offer it. @defaultValue `false` */
  readonly compression?: boolean | CompressionOptions | undefined
}

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

/** A mount's listeners for upgrades: its own, and the one that watches for half-open connections. */
const OWN_LISTENERS = 2
/** Messages in pieces: more of them than any client of good will needs. */
const MAX_FRAGMENTS = 128
const MAX_BUFFERED_CHUNKS = 8_192
/** How long a peer that said it goes may keep the TCP connection open. */
const CLOSE_TIMEOUT_MS = 5_000

/**
 * Mounts a gateway on an HTTP or HTTPS server of one's own: it handles the `upgrade` event on its own path.
 *
 * @throws OptionError when an option has a wrong value
 */
export function attach(gateway: Gateway, server: Server, options: AttachOptions = {}): Attached {
  return new Mount(gateway, server, options)
}

class Mount implements Attached {
  readonly #gateway: Gateway
  readonly #server: Server
  readonly #path: string
  readonly #plain: Upgrader
  readonly #compressed: Upgrader | undefined
  readonly #mayCompress: (request: IncomingMessage) => boolean
  readonly #sessions = new Set<Session>()
  readonly #unwatch: () => void
  #idle: (() => void)[] = []

  constructor(gateway: Gateway, server: Server, { path = '/', compression = false }: AttachOptions) {
    if (!path.startsWith('/')) throw new OptionError('path', "a path that begins with '/'", path)
    this.#gateway = gateway
    this.#server = server
    this.#path = path
    const chosen = compression === true ? {} : compression === false ? undefined : compression
    const { maxMessageBytes, handshakeTimeoutMs } = gateway.limits
    this.#plain = { server: upgradeServer(maxMessageBytes, false), wire: new Wire() }
    this.#compressed = chosen && {
      server: upgradeServer(maxMessageBytes, true),
      wire: new Wire(deflater(chosen)),
    }
    this.#mayCompress = chosen?.when ?? (() => true)
    this.#unwatch = watchHalfOpen(server, gateway.wheel, handshakeTimeoutMs)
    server.on('upgrade', this.#onUpgrade)
  }

  get connections(): number {
    return this.#sessions.size
  }

  async close(): Promise<void> {
    this.#server.off('upgrade', this.#onUpgrade)
    this.#unwatch()
    for (const session of this.#sessions) session.leave()
    if (this.#sessions.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = pathBelow(this.#path, request)
    if (path === undefined) {
      this.#leaveToOthers(request, socket)
      return
    }
    // From the first tick on: an error of a socket that nobody listens to would end the process.
    socket.on('error', () => socket.destroy())
    this.#admit(request, path)
      .then((admission) => {
        if (admission.ok) this.#accept(request, socket, head, admission)
        else refuse(socket, admission)
      })
      .catch((error: unknown) => {
        socket.destroy()
        this.#gateway.hub.reportError({ error, where: 'conn' })
      })
  }

  /** Another listener may serve that path. If nobody does, nobody would ever answer. */
  #leaveToOthers({ socket }: IncomingMessage, upgraded: Duplex): void {
    if (this.#server.listenerCount('upgrade') <= OWN_LISTENERS) {
      refuse(upgraded, NOT_FOUND)
      return
    }
    const written = socket.bytesWritten
    const cancel = this.#gateway.wheel.after(this.#gateway.limits.handshakeTimeoutMs, () => {
      if (socket.bytesWritten === written) socket.destroy()
    })
    socket.once('close', cancel)
  }

  /** The gateway's answer, or a refusal when it takes too long. */
  #admit(request: IncomingMessage, path: string): Promise<Ticket | Refusal> {
    return new Promise((resolve) => {
      const cancel = this.#gateway.wheel.after(this.#gateway.limits.handshakeTimeoutMs, () =>
        resolve(TOO_SLOW),
      )
      void this.#gateway.admit(handshakeOf(request, path)).then((admission) => {
        cancel()
        resolve(admission)
      })
    })
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, ticket: Ticket): void {
    const compress = this.#compressed && offersDeflate(request) && this.#mayCompress(request)
    const { server, wire } = (compress && this.#compressed) || this.#plain
    server.handleUpgrade(request, socket, head, (ws) => {
      this.#open(ws as ClosingWebSocket, request.socket, wire, ticket)
    })
  }

  #open(ws: ClosingWebSocket, socket: Socket, wire: Wire, ticket: Ticket): void {
    const conn = new WsConn(ws, socket, wire)
    const session = ticket.accept(conn)
    const unwatch = watchHeartbeat(
      { wheel: this.#gateway.wheel, heartbeat: this.#gateway.limits.heartbeat },
      ws,
      socket,
      () => {
        session.leave('idle')
        conn.terminate()
      },
    )
    this.#sessions.add(session)
    conn.attach(session, () => {
      unwatch()
      this.#gone(session)
    })
  }

  #gone(session: Session): void {
    this.#sessions.delete(session)
    if (this.#sessions.size > 0) return
    for (const resolve of this.#idle) resolve()
    this.#idle = []
  }
}

/** Does the opening handshake; how what goes out is written depends on what was negotiated. */
interface Upgrader {
  readonly server: WebSocketServer
  readonly wire: Wire
}

const NOT_FOUND = { status: 404, headers: {}, message: 'nothing is served here' }
const TOO_SLOW: Refusal = {
  ok: false,
  status: 503,
  headers: { 'retry-after': '1' },
  why: 'timeout',
  message: 'the handshake took too long',
}

function upgradeServer(maxPayload: number, deflate: boolean): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    WebSocket: ClosingWebSocket,
    maxPayload,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true },
  } as ConstructorParameters<typeof WebSocketServer>[0])
}
