import type { Gateway } from '@fanfare/core'
import { ProbeGateway, type Stand } from '@fanfare/core/testing'
import type { HttpAdapterOptions } from '@fanfare/http'

import { knockPoll, knockSse } from './knock.ts'
import { PollPeer } from './poll-peer.ts'
import { SsePeer } from './sse-peer.ts'

/** Clients of server-sent events at a mount. */
export function sseStand(url: string, close: () => Promise<unknown>): Stand {
  return {
    connect: () => SsePeer.open(url),
    ask: (knock) => knockSse(url, knock),
    async close() {
      await close()
    },
  }
}

/** How a mount has to be for {@link pollStand}. */
export function pollOptions(gateway: Gateway): HttpAdapterOptions {
  // A peer that vanished is found by this alone; one that is slow must not be taken for it.
  return { pollTimeMs: 0, sessionTimeoutMs: gateway instanceof ProbeGateway ? 1_000 : 60_000 }
}

/** Clients that poll a mount. */
export function pollStand(url: string, close: () => Promise<unknown>): Stand {
  const peers: PollPeer[] = []
  return {
    async connect() {
      const peer = await PollPeer.open(url)
      peers.push(peer)
      return peer
    },
    ask: (knock) => knockPoll(url, knock),
    // A peer that polls no more is found by the time alone, and the time may stand still.
    async close() {
      for (const peer of peers) await peer.left()
      await close()
    },
  }
}
