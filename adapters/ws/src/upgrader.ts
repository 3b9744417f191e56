import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import { WebSocketServer } from 'ws'

import { type Compression, offersDeflate } from './compression.ts'
import { ClosingWebSocket } from './web-socket.ts'
import { Wire } from './wire.ts'

/** How long a peer that said it goes may keep the TCP connection open. */
export const CLOSE_TIMEOUT_MS = 5_000
/** Messages in pieces: more of them than any client of good will needs. */
const MAX_FRAGMENTS = 128
const MAX_BUFFERED_CHUNKS = 8_192
/** `ws` computes with 32 bits, and takes 0 for no limit. */
const MOST_BYTES = 0x7fff_ffff

/** How an upgrader is made. */
export interface UpgraderOptions {
  readonly maxMessageBytes: number
  readonly compression: Compression | undefined
  /** The user's `when` threw. */
  readonly failed: (error: unknown) => void
}

/** Does opening handshakes. How what goes out is written to a connection depends on what it negotiated. */
export class Upgrader {
  readonly #options: UpgraderOptions
  readonly #plain: WebSocketServer
  readonly #plainWire = new Wire()
  readonly #deflating: WebSocketServer | undefined
  readonly #deflatingWire: Wire

  constructor(options: UpgraderOptions) {
    const { compression, maxMessageBytes } = options
    const maxPayload = Math.min(maxMessageBytes, MOST_BYTES)
    this.#options = options
    this.#plain = webSocketServer(maxPayload, false)
    this.#deflating = compression && webSocketServer(maxPayload, true)
    this.#deflatingWire = new Wire(compression?.deflate)
  }

  /** Calls `opened` within this call, or answers with an HTTP status when the request is no WebSocket handshake. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (ws: ClosingWebSocket, wire: Wire) => void,
  ): void {
    const server = (this.#mayDeflate(request) && this.#deflating) || this.#plain
    server.handleUpgrade(request, socket, head, (ws) => {
      opened(ws as ClosingWebSocket, ws.extensions === '' ? this.#plainWire : this.#deflatingWire)
    })
  }

  #mayDeflate(request: IncomingMessage): boolean {
    const { compression, failed } = this.#options
    if (!compression || !offersDeflate(request)) return false
    try {
      return compression.when(request)
    } catch (error) {
      failed(error)
      return false
    }
  }
}

function webSocketServer(maxPayload: number, deflate: boolean): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    WebSocket: ClosingWebSocket,
    maxPayload,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true },
    // Its types do not know the newer limits yet.
  } as ConstructorParameters<typeof WebSocketServer>[0])
}
