import type { GatewayLimits } from '@fanfare/core'
import type { ServerOptions } from 'ws'

import { MAX_FRAGMENTS } from './inflow.ts'
import { ClosingWebSocket } from './web-socket.ts'

/** How long a peer that said it goes may keep the TCP connection open. */
export const CLOSE_TIMEOUT_MS = 5_000
const MAX_BUFFERED_CHUNKS = 8_192
/** `ws` computes with 32 bits, and takes 0 for no limit. */
const MOST_BYTES = 0x7fff_ffff

/** `maxMessageBytes` as `ws` counts. */
export function maxPayloadOf({ maxMessageBytes }: GatewayLimits): number {
  return Math.min(maxMessageBytes, MOST_BYTES)
}

/** What every server of `ws` has to be made with that takes a gateway's connections. */
export function webSocketOptions(limits: GatewayLimits): ServerOptions {
  return {
    WebSocket: ClosingWebSocket,
    maxPayload: maxPayloadOf(limits),
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    // How many are too many is counted before.
    maxPendingAutoPongs: limits.maxControlFrames,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Its types do not know the newer limits yet.
  } as ServerOptions
}
