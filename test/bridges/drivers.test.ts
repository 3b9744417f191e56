import { memory } from '@fanfare/broadcasting'
import { type BusOptions, nameOnBus } from '@fanfare/broadcasting/driver'
import { driverContract, type DriverStand } from '@fanfare/broadcasting/testing'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'
import { Redis } from 'ioredis'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { subjectOf } from '../../bridges/nats/src/subjects.ts'
import { NatsServer } from '../support/nats-server.ts'
import { RedisCluster } from '../support/redis-cluster.ts'
import { RedisServer } from '../support/redis-server.ts'

// Found sooner than with the defaults: the outages of these tests are real, and so is the time they take.
const QUICK: BusOptions = { beat: { intervalMs: 100, silentMs: 600 }, queue: { deadlineMs: 800 } }

let prefixes = 0
const nextPrefix = (): string => `t${String(++prefixes)}`

const memoryStand = async (): Promise<DriverStand> => ({
  connect: (options) => memory(options),
  close: async () => {},
})

driverContract({ describe, it, expect }, 'memory', memoryStand)

describe('redis', () => {
  let server: RedisServer
  beforeAll(async () => void (server = await RedisServer.start()))
  afterAll(() => server.stop())

  const stand = async (): Promise<DriverStand> => {
    const prefix = nextPrefix()
    return {
      connect: (options) => redis({ url: server.url, prefix, ...QUICK, ...options }),
      cutOff: async () => server.pause(),
      heal: async () => server.resume(),
      inject: async (channel, text) => {
        const client = new Redis(server.url)
        await client.publish(nameOnBus(prefix, channel), text)
        client.disconnect()
      },
      close: async () => {},
    }
  }
  driverContract({ describe, it, expect }, 'one server', stand, {
    can: ['nodes', 'total-order', 'outage', 'inject'],
  })
})

describe('redis', () => {
  let cluster: RedisCluster
  beforeAll(async () => void (cluster = await RedisCluster.start()), 60_000)
  afterAll(() => cluster.stop())

  const stand = async (): Promise<DriverStand> => {
    const prefix = nextPrefix()
    const [first] = cluster.nodes
    return {
      connect: (options) => redis({ url: first!.url, prefix, ...QUICK, ...options }),
      cutOff: async () => cluster.nodes.forEach((node) => node.pause()),
      heal: async () => cluster.nodes.forEach((node) => node.resume()),
      close: async () => {},
    }
  }
  driverContract({ describe, it, expect }, 'a cluster of three', stand, {
    can: ['nodes', 'total-order', 'outage'],
  })
})

describe('nats', () => {
  let server: NatsServer
  beforeAll(async () => void (server = await NatsServer.start()))
  afterAll(() => server.stop())

  const stand = async (): Promise<DriverStand> => {
    const prefix = nextPrefix()
    return {
      connect: (options) => nats({ servers: server.url, prefix, ...QUICK, ...options }),
      cutOff: async () => server.pause(),
      heal: async () => server.resume(),
      inject: async (channel, text) => {
        // What is larger than the server takes cannot be put there.
        if (text.length > 1_000_000) return
        const connection = await connect({ servers: server.url })
        connection.publish(subjectOf(nameOnBus(prefix, channel)), text)
        await connection.flush()
        await connection.close()
      },
      close: async () => {},
    }
  }
  driverContract({ describe, it, expect }, 'one server', stand, {
    can: ['nodes', 'outage', 'inject'],
  })
})
