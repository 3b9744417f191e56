import type { Gateway, Refusal } from '@fanfare/core'
import { ControlFrames, Deadlines, pathBelow, Sessions } from '@fanfare/core/adapter'
import type { Server, WebSocketHandler } from 'bun'

import type { BunConn } from './bun-conn.ts'
import { handshakeOf } from './handshake.ts'
import { type BunAdapterOptions, bunSettings } from './options.ts'
import { Pressure } from './pressure.ts'
import { type House, Seat } from './seat.ts'

/** How long a peer may take for the closing handshake. */
const CLOSE_TIMEOUT_MS = 5_000
/** Bun counts with 32 bits. */
const MOST_BYTES = 0xffff_ffff

/** Options of Bun.serve beside the handlers. */
export interface BunServerOptions {
  /** Otherwise Bun answers errors with a page that shows paths and lines of the source, and logs what was asked. */
  readonly development: false
  /** In seconds: a connection on which nothing moves is cut. */
  readonly idleTimeout: number
  /** Reports what a handler throws to the hub, and answers 500. */
  error(this: void, error: unknown): Response
}

/** A gateway on Bun.serve: its two halves, and its end. */
export interface BunAdapter {
  /** Whether a request is for this adapter's path: to decide who answers it. */
  handles(request: Request): boolean
  /**
   * Upgrades a request, and then resolves with `undefined`, as Bun wants it; or answers it: 426 when it is no WebSocket
   * handshake, 404 when the path is none of the adapter's, and with what the gateway has against it.
   */
  fetch(this: void, request: Request, server: Server<Seat>): Promise<Response | undefined>
  /** To be given to Bun.serve as it is: its limits keep the promises of the hub. */
  readonly websocket: WebSocketHandler<Seat>
  /** To be spread into Bun.serve: what keeps the promises of the gateway for plain requests, and requests out of logs. */
  readonly server: BunServerOptions
  readonly connections: number
  /**
   * Takes no more connections, says goodbye to those there are as `shutdown`, and resolves when all of them are gone,
   * after 5 s at most. The server and the gateway stay as they are. Idempotent.
   */
  close(): Promise<void>
}

/**
 * A gateway for Bun.serve.
 *
 * @example
 * ```ts
 * const { fetch, websocket, server } = bunAdapter(gateway, { path: '/live' })
 * Bun.serve({ ...server, fetch, websocket })
 * ```
 * @throws OptionError when an option is unknown or has a wrong value
 */
export function bunAdapter(gateway: Gateway, options: BunAdapterOptions = {}): BunAdapter {
  const { path, compressFrom } = bunSettings(options)
  const sessions = new Sessions()
  const closing = new Deadlines<BunConn>(gateway.wheel, CLOSE_TIMEOUT_MS)
  const { wheel, limits } = gateway
  const house: House = {
    ...{ gateway, sessions, closing, compressFrom },
    controls: new ControlFrames(wheel, limits.maxControlFrames),
    pressure: new Pressure(gateway),
  }
  let closed: Promise<void> | undefined

  async function answer(request: Request, server: Server<Seat>): Promise<Response | undefined> {
    const target = pathnameOf(request)
    if (target === undefined) return wrong(400, 'this is no request')
    const below = pathBelow(path, target)
    if (below === undefined) return wrong(404, 'nothing is served here')
    if (!isUpgrade(request)) {
      return wrong(426, 'this is for WebSocket clients', { upgrade: 'websocket' })
    }
    if (closed) return wrong(503, 'the server is shutting down', { 'retry-after': '1' })
    const handshake = handshakeOf(request, below, server.requestIP(request)?.address)
    const admission = await gateway.admit(handshake)
    if (!admission.ok) return refused(admission)
    const [subprotocol] = handshake.subprotocols
    const headers = subprotocol === undefined ? {} : { 'sec-websocket-protocol': subprotocol }
    if (server.upgrade(request, { headers, data: new Seat(house, admission) })) return undefined
    return wrong(400, 'this is no WebSocket handshake')
  }

  return {
    fetch: answer,
    handles: (request) => pathBelow(path, pathnameOf(request) ?? '') !== undefined,
    server: serverOptions(gateway),
    websocket: websocketHandler(limits.maxMessageBytes, compressFrom < Infinity),
    get connections() {
      return sessions.size
    },
    close: () => (closed ??= sessions.leave()),
  }
}

function serverOptions({ hub, limits }: Gateway): BunServerOptions {
  return {
    development: false,
    // Bun counts in seconds, up to 255.
    idleTimeout: Math.min(255, Math.ceil(limits.handshakeTimeoutMs / 1_000)),
    error: (error) => {
      hub.reportError({ error, where: 'conn' })
      return wrong(500, 'something went wrong here')
    },
  }
}

/** The path of a request as it came; `undefined` when its host or target is none, of which Bun makes a URL that is none. */
export function pathnameOf(request: Request): string | undefined {
  return URL.canParse(request.url) ? new URL(request.url).pathname : undefined
}

/** Whether a request asks for a WebSocket. */
export function isUpgrade(request: Request): boolean {
  return request.headers.get('upgrade')?.toLowerCase() === 'websocket'
}

function websocketHandler(maxMessageBytes: number, deflate: boolean): WebSocketHandler<Seat> {
  return {
    open: (ws) => ws.data.opened(ws),
    message: (ws, data) => ws.data.message(data),
    drain: (ws) => ws.data.drained(),
    close: (ws, code, reason) => ws.data.closed(code, reason),
    ping: (ws) => ws.data.control(),
    pong: (ws) => ws.data.control(),
    maxPayloadLength: Math.min(maxMessageBytes, MOST_BYTES),
    // Bun would drop beyond its limit without a word; the hub's outbox is the limit, and it counts.
    backpressureLimit: 0,
    closeOnBackpressureLimit: false,
    // Dead peers are found by the gateway's heartbeat, with the intervals of the gateway.
    idleTimeout: 0,
    sendPings: false,
    perMessageDeflate: deflate,
  }
}

function refused({ status, headers, message }: Refusal): Response {
  return wrong(status, message, headers)
}

function wrong(status: number, sentence: string, headers: Readonly<Record<string, string>> = {}): Response {
  const own = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }
  return new Response(`${sentence}\n`, { status, headers: { ...own, ...headers } })
}
