import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import type { GatewayLimits } from '@fanfare/core'
import { WebSocketServer } from 'ws'

import { type Compression, offersDeflate } from './compression.ts'
import type { ClosingWebSocket } from './web-socket.ts'
import { webSocketOptions } from './web-socket-options.ts'
import { Wire } from './wire.ts'

/** How an upgrader is made. */
export interface UpgraderOptions {
  readonly limits: GatewayLimits
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
    const { compression, limits } = options
    this.#options = options
    this.#plain = webSocketServer(limits, false)
    this.#deflating = compression && webSocketServer(limits, true)
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

function webSocketServer(limits: GatewayLimits, deflate: boolean): WebSocketServer {
  return new WebSocketServer({
    ...webSocketOptions(limits),
    noServer: true,
    clientTracking: false,
    perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true },
  })
}
