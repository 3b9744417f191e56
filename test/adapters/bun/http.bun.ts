import { serve } from '@fanfare/bun'
import { httpAdapter } from '@fanfare/http'

import { connContract } from '../../contracts/conn.contract.ts'
import { knockSse } from '../../support/knock.ts'
import { SsePeer } from '../../support/sse-peer.ts'

connContract('server-sent events on bun', async (gateway) => {
  const adapter = httpAdapter(gateway, { path: '/live' })
  const served = await serve(gateway, { fetch: adapter })
  const url = served.url.replace('ws:', 'http:')
  return {
    connect: () => SsePeer.open(`${url}live`),
    ask: (knock) => knockSse(`${url}live`, knock),
    async close() {
      await adapter.close()
      await served.close()
    },
  }
})
