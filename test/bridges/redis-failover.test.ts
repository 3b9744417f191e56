import { redis } from '@fanfare/redis'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { RedisCluster } from '../support/redis-cluster.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { until } from '../support/until.ts'

const CHANNELS = 20_000
/** Of 128 partitions each of six primaries has 22 at most; the beats and the inbox come on top. */
const MOST_COMMANDS = 25

let cluster: RedisCluster
beforeAll(async () => void (cluster = await RedisCluster.start({ primaries: 6, replicas: 1 })), 60_000)
afterAll(() => cluster.stop())

/** How many commands with which something is subscribed to this server has had since it was asked to forget them. */
async function subscribes(server: RedisServer): Promise<number> {
  const stats = String(await server.command('INFO', 'commandstats'))
  return [...stats.matchAll(/^cmdstat_s?subscribe:calls=(\d+)/gm)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  )
}

it('a failover with 20,000 channels costs each primary some twenty commands', async () => {
  const [first] = cluster.nodes
  const [replica] = cluster.replicas
  const driver = redis({ cluster: cluster.addresses.slice(1), logger: () => {} })
  try {
    const gaps = new Set<string>()
    const heard: string[] = []
    const channels = Array.from({ length: CHANNELS }, (_, n) => `orders.${String(n)}`)
    await Promise.all(
      channels.map((channel) =>
        driver.subscribe(channel, (event) => void heard.push(event.channel), {
          gap: () => gaps.add(channel),
        }),
      ),
    )
    const survivors = [...cluster.nodes.slice(1), replica!]
    await Promise.all(survivors.map((node) => node.command('CONFIG', 'RESETSTAT')))

    await first!.kill()
    await until(() => gaps.size === CHANNELS, 'a gap on every channel', 60_000)

    const counts = await Promise.all(survivors.map(subscribes))
    expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_COMMANDS)
    expect(Math.min(...counts)).toBeGreaterThan(0)
    // And every one of them is live.
    const some = channels.filter((_, n) => n % 97 === 0)
    await Promise.all(some.map((channel) => driver.publish({ channel, payload: '1' })))
    await until(() => heard.length === some.length, 'what was published after it')
  } finally {
    await driver.close()
  }
}, 120_000)
