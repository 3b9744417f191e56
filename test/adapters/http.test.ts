import type { Gateway } from '@fanfare/core'
import { serve } from '@fanfare/http/node'

import { connContract } from '../contracts/conn.contract.ts'
import { ProbeGateway, type Stand } from '../contracts/conn-stand.ts'
import { PollPeer } from '../support/poll-peer.ts'
import { SsePeer } from '../support/sse-peer.ts'

connContract('server-sent events', async (gateway) => {
  const served = await serve(gateway, { path: '/live' })
  return { connect: () => SsePeer.open(served.url), close: () => served.close() }
})

connContract('long polls', pollStand, {
  skip: [
    {
      reason: 'who polls no more is found by the session timeout alone',
      tests: ['a slow peer that vanishes leaves nothing behind'],
    },
  ],
})

async function pollStand(gateway: Gateway): Promise<Stand> {
  // A peer that vanished is found by this alone; one that is slow must not be taken for it.
  const sessionTimeoutMs = gateway instanceof ProbeGateway ? 1_000 : 60_000
  const served = await serve(gateway, { pollTimeMs: 0, sessionTimeoutMs })
  const peers: PollPeer[] = []
  return {
    async connect() {
      const peer = await PollPeer.open(served.url)
      peers.push(peer)
      return peer
    },
    // A peer that polls no more is found by the time alone, and the time may stand still.
    async close() {
      for (const peer of peers) await peer.left()
      await served.close()
    },
  }
}
