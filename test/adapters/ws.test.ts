import { serve } from '@fanfare/ws'

import { connContract } from '../contracts/conn.contract.ts'
import { wsStand } from '../support/ws-stand.ts'

connContract('ws', async (gateway) => {
  const served = await serve(gateway, { path: '/live' })
  return wsStand(served.url, () => served.close())
})

connContract('ws, compressed', async (gateway) => {
  const served = await serve(gateway, { compression: { threshold: 0, level: 1 } })
  return wsStand(served.url, () => served.close(), { perMessageDeflate: true })
})
