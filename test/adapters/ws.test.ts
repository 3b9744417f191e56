import { serve } from '@fanfare/ws'

import { connContract } from '../contracts/conn.contract.ts'
import { SLOW_PEER_TESTS } from '../contracts/slow-peers.ts'
import { wsPeer } from '../support/ws-peer.ts'

connContract('ws', async (gateway) => {
  const served = await serve(gateway, { path: '/live' })
  return { connect: () => wsPeer(served.url), close: () => served.close() }
})

connContract(
  'ws, compressed',
  async (gateway) => {
    const served = await serve(gateway, { compression: { threshold: 0, level: 1 } })
    return { connect: () => wsPeer(served.url, { perMessageDeflate: true }), close: () => served.close() }
  },
  { skip: [{ reason: 'as without compression', tests: Object.keys(SLOW_PEER_TESTS) }] },
)
