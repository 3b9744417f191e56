import { nats } from '@fanfare/nats'

import { NatsServer } from '../support/nats-server.ts'
import { NATS } from '../support/toxic-proxy.ts'
import { faultSchedules, SCALED } from './faults.ts'
import { unprotectedNats } from './unprotected.ts'

faultSchedules(
  'nats',
  async () => {
    const victim = await NatsServer.start()
    return {
      victim,
      framing: NATS,
      connect: (port) => nats({ servers: `127.0.0.1:${String(port)}`, ...SCALED }),
      connectUnprotected: unprotectedNats,
      stop: () => victim.stop(),
    }
  },
  'per publisher',
)
