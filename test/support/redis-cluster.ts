import { freePort } from './free-port.ts'
import { RedisServer } from './redis-server.ts'

const SLOTS = 16_384
const NODES = 3
const PATIENCE_MS = 25_000

/** A real cluster of three primaries, without replicas. */
export class RedisCluster {
  /** In the order of their slots. */
  readonly nodes: readonly RedisServer[]

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes
  }

  /** Resolves when every node says that the cluster is ready. */
  static async start(): Promise<RedisCluster> {
    const started = await Promise.allSettled(Array.from({ length: NODES }, startNode))
    const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const cluster = new RedisCluster(nodes.map(({ server }) => server))
    try {
      for (const one of started) if (one.status === 'rejected') throw one.reason
      await join(nodes)
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** As the option `cluster` takes them. */
  get addresses(): { host: string; port: number }[] {
    return this.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  /** Gives a slot to another node, at once and without a word to those who are subscribed to something in it. */
  async moveSlot(slot: number, to: RedisServer): Promise<void> {
    const id = String(await to.command('CLUSTER', 'MYID'))
    // The new owner first: nobody contradicts it then.
    for (const node of [to, ...this.nodes.filter((one) => one !== to)]) {
      await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', id)
    }
  }

  /** Ends every node. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }
}

interface Node {
  readonly server: RedisServer
  readonly busPort: number
}

async function startNode(): Promise<Node> {
  // By default 10000 more than the port, which may be more than there are.
  const busPort = await freePort()
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)]
  const args = [...cluster, '--cluster-node-timeout', '2000', '--cluster-config-file', 'nodes.conf']
  return { server: await RedisServer.start({ args }), busPort }
}

async function join(nodes: readonly Node[]): Promise<void> {
  const [first] = nodes
  for (const [index, { server, busPort }] of nodes.entries()) {
    const from = Math.floor((index * SLOTS) / NODES)
    const to = Math.floor(((index + 1) * SLOTS) / NODES) - 1
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    await server.command('CLUSTER', 'ADDSLOTSRANGE', from, to)
    if (index > 0) await first?.server.command('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort)
  }
  await Promise.all(nodes.map(({ server }) => ready(server)))
}

async function ready(server: RedisServer): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const info = String(await server.command('CLUSTER', 'INFO'))
    if (info.includes('cluster_state:ok') && info.includes(`cluster_size:${String(NODES)}`)) return
    if (performance.now() > end) throw new Error(`the cluster does not come up: ${info}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
