import { freePort } from './free-port.ts'
import { RedisServer } from './redis-server.ts'

const SLOTS = 16_384
const PATIENCE_MS = 25_000

/** How many nodes a cluster has. */
export interface ClusterSize {
  /** @defaultValue `3` */
  readonly primaries?: number
  /** Of the first primary. @defaultValue `0` */
  readonly replicas?: number
}

/** A real cluster. */
export class RedisCluster {
  /** The primaries, in the order of their slots. */
  readonly nodes: readonly RedisServer[]
  /** Of the first primary. */
  readonly replicas: readonly RedisServer[]

  private constructor(nodes: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.nodes = nodes
    this.replicas = replicas
  }

  /** Resolves when every node says that the cluster is ready. */
  static async start({ primaries = 3, replicas = 0 }: ClusterSize = {}): Promise<RedisCluster> {
    const started = await Promise.allSettled(Array.from({ length: primaries + replicas }, startNode))
    const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const servers = nodes.map(({ server }) => server)
    const cluster = new RedisCluster(servers.slice(0, primaries), servers.slice(primaries))
    try {
      for (const one of started) if (one.status === 'rejected') throw one.reason
      await join(nodes.slice(0, primaries))
      await follow(nodes.slice(primaries), cluster.nodes[0])
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
    await Promise.all([...this.nodes, ...this.replicas].map((node) => node.stop()))
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
    const from = Math.floor((index * SLOTS) / nodes.length)
    const to = Math.floor(((index + 1) * SLOTS) / nodes.length) - 1
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    await server.command('CLUSTER', 'ADDSLOTSRANGE', from, to)
    if (index > 0) await first?.server.command('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort)
  }
  await Promise.all(nodes.map(({ server }) => ready(server, nodes.length)))
}

/** Each becomes a replica of that primary, and has its data. */
async function follow(replicas: readonly Node[], primary: RedisServer | undefined): Promise<void> {
  if (!primary) return
  const id = String(await primary.command('CLUSTER', 'MYID'))
  for (const { server, busPort } of replicas) {
    await primary.command('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort)
    // Before it has heard of the primary, it refuses.
    await shows(server, 'NODES', id)
    await server.command('CLUSTER', 'REPLICATE', id)
  }
  const end = performance.now() + PATIENCE_MS
  for (const { server } of replicas) {
    while (!String(await server.command('INFO', 'replication')).includes('master_link_status:up')) {
      if (performance.now() > end) throw new Error('the replica does not follow')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

async function ready(server: RedisServer, primaries: number): Promise<void> {
  await shows(server, 'INFO', 'cluster_state:ok', `cluster_size:${String(primaries)}`)
}

/** Resolves when the answer to this command of `CLUSTER` has all these words. */
async function shows(server: RedisServer, command: string, ...words: readonly string[]): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = String(await server.command('CLUSTER', command))
    if (words.every((word) => answer.includes(word))) return
    if (performance.now() > end) throw new Error(`the cluster does not come up: ${answer}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
