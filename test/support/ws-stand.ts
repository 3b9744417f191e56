import type { Stand } from '@fanfare/core/testing'
import type { ClientOptions } from 'ws'

import { knockWebSocket } from './knock.ts'
import { MALFORMED_FRAMES } from './malformed-frames.ts'
import { wsPeer } from './ws-peer.ts'

/** A WebSocket server with everything that the contract can use. */
export function wsStand(url: string, close: () => Promise<unknown>, options?: ClientOptions): Stand {
  return {
    connect: () => wsPeer(url, options),
    ask: (knock) => knockWebSocket(url, knock),
    malformed: MALFORMED_FRAMES,
    async close() {
      await close()
    },
  }
}
