import { nats } from '@fanfare/nats'
import { connect } from '@nats-io/transport-node'

import { subjectOf } from '../../bridges/nats/src/subjects.ts'
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
      url: victim.url,
      inject: async (name, text) => {
        const connection = await connect({ servers: victim.url })
        connection.publish(subjectOf(name), text)
        await connection.flush()
        await connection.close()
      },
      stop: () => victim.stop(),
    }
  },
  'per publisher',
)
