import { serve } from '@fanfare/http/node'

import { connContract } from '../contracts/conn.contract.ts'
import { pollOptions, pollStand, sseStand } from '../support/http-stand.ts'

connContract('server-sent events', async (gateway) => {
  const served = await serve(gateway, { path: '/live' })
  return sseStand(served.url, () => served.close())
})

connContract('long polls', async (gateway) => {
  const served = await serve(gateway, pollOptions(gateway))
  return pollStand(served.url, () => served.close())
})
