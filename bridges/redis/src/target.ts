import { FanfareError } from '@fanfare/core/contract'
import type { Cluster, NatMap, Redis, RedisOptions as Settings } from 'ioredis'

import type { ClusterAddress } from './topology.ts'

/** Where to connect to. Asked again at each dial: a client of one's own may have learnt of other nodes, or of another password. */
export interface Target {
  /** A server, or the nodes of a cluster to begin with. At least one. */
  places(): readonly Settings[]
  /** Whether they are known to be nodes of a cluster; otherwise the server is asked. */
  readonly clustered: boolean
  /** The addresses under which we reach what nodes announce. */
  readonly natMap: NatMap | null | undefined
}

const LOCAL: Settings = { host: '127.0.0.1', port: 6379 }

/** A server, or the sentinels that know it. As ioredis has it, what the URL says is not said again by the options. */
export function serverTarget(url: Settings | undefined, options: Settings = {}): Target {
  const settings: Settings = url === undefined ? { ...LOCAL, ...options } : { ...options, ...url }
  // The URL says that there is TLS; only options say more of it.
  if (options.tls) settings.tls = options.tls
  return { places: () => [settings], clustered: false, natMap: options.natMap }
}

/** Nodes of a cluster. */
export function clusterTarget(nodes: readonly ClusterAddress[], options: Settings = {}): Target {
  const places = nodes.map((node) => placeOf(options, node))
  return { places: () => places, clustered: true, natMap: options.natMap }
}

/** The servers of a client of one's own. */
export function clientTarget(client: Redis | Cluster): Target {
  if (!isCluster(client)) {
    return { places: () => [client.options], clustered: false, natMap: client.options.natMap }
  }
  return { places: () => nodesOf(client), clustered: true, natMap: client.options.natMap }
}

/** One node of a cluster, with the credentials of all. */
export function placeOf(settings: Settings, { host, port }: ClusterAddress): Settings {
  const { path: _path, sentinels: _sentinels, name: _name, ...rest } = settings
  // A cluster has one database.
  return { ...rest, host, port, db: 0 }
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster
}

/** The nodes that the client knows. @throws FanfareError `not-connected` before it has been connected: then it knows none */
function nodesOf(client: Cluster): readonly Settings[] {
  const nodes = client.nodes('all').map((node) => node.options)
  if (nodes.length > 0) return nodes
  throw new FanfareError('not-connected', 'the cluster client knows no node: connect it first')
}
