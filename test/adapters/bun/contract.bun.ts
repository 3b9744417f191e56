import { serve } from '@fanfare/bun'

import { connContract } from '../../contracts/conn.contract.ts'
import { knockWebSocket } from '../../support/knock.ts'
import { MALFORMED_FRAMES } from '../../support/malformed-frames.ts'
import { TcpPeer } from '../../support/tcp-peer.ts'

// Run by `bun test`, which takes what is imported of vitest for its own.
connContract('bun', async (gateway) => {
  const served = await serve(gateway, { path: '/live' })
  return {
    connect: () => TcpPeer.open(served.url),
    ask: (knock) => knockWebSocket(served.url, knock),
    malformed: MALFORMED_FRAMES,
    close: () => served.close(),
  }
})
