import { BUS_OPTIONS, type BusOptions } from '@fanfare/broadcasting/driver'
import { knownOptions, OptionError, wholeFrom } from '@fanfare/core/contract'
import type { Cluster, RedisOptions as ConnectionOptions, Redis } from 'ioredis'

import { clientTarget, clusterTarget, serverTarget, type Target } from './target.ts'
import type { ClusterAddress } from './topology.ts'
import { urlSettings } from './url.ts'

/** What {@link redis} takes besides what every driver takes. All of it may be left out. */
export interface RedisOptions extends BusOptions {
  /**
   * The server: `redis://` or, with TLS, `rediss://`, with user, password and database where needed. Whether it belongs to
   * a cluster is found out by asking it. @defaultValue `'redis://127.0.0.1:6379'`
   */
  readonly url?: string | undefined
  /** More of the connection, as `ioredis` takes it: TLS, credentials, sentinels. What `url` says comes first. */
  readonly options?: ConnectionOptions | undefined
  /**
   * An `ioredis` client of your own instead of `url` and `options`. Its settings are taken, for connections of our own: it
   * is neither used nor closed.
   */
  readonly client?: Redis | Cluster | undefined
  /** Another connection for publishing, to another server or as another user. @defaultValue the same */
  readonly publisher?: PublisherOptions | undefined
  /**
   * Whether to publish with `SPUBLISH`, so that an event visits only the shard of its channel (Redis 7).
   * @defaultValue `true` on a cluster, otherwise `false`
   */
  readonly sharded?: boolean | undefined
  /** Nodes of a cluster, to begin with, instead of `url`: the first that answers knows the others. */
  readonly cluster?: readonly ClusterAddress[] | undefined
}

/** Where to publish, when that is another place than where to subscribe. */
export interface PublisherOptions {
  /** As {@link RedisOptions.url}. */
  readonly url?: string | undefined
  /** As {@link RedisOptions.options}. */
  readonly options?: ConnectionOptions | undefined
  /** As {@link RedisOptions.client}. */
  readonly client?: Redis | Cluster | undefined
}

/** The same, checked. */
export interface RedisSettings {
  readonly subscriber: Target
  readonly publisher: Target
  /** `undefined`: as the subscriber's server is. */
  readonly sharded: boolean | undefined
  readonly bus: BusOptions
}

const OWN: readonly (keyof RedisOptions)[] = ['url', 'options', 'client', 'publisher', 'sharded', 'cluster']
const PUBLISHER: readonly (keyof PublisherOptions)[] = ['url', 'options', 'client']

/** Checks the options that are Redis' own, and tells them from the others. @throws OptionError, without any password in it */
export function redisSettings(options: RedisOptions): RedisSettings {
  if (!isObject(options)) throw new OptionError('redis', 'a URL or options', typeof options)
  knownOptions('redis', options, [...BUS_OPTIONS, ...OWN])
  const { sharded, publisher, cluster } = options
  if (sharded !== undefined && typeof sharded !== 'boolean') {
    throw new OptionError('sharded', 'true or false', sharded)
  }
  const subscriber = cluster === undefined ? targetOf('', options) : startNodes(cluster, options)
  return {
    subscriber,
    publisher: publisher === undefined ? subscriber : publisherOf(publisher),
    sharded,
    bus: Object.fromEntries(Object.entries(options).filter(([name]) => isBusOption(name))),
  }
}

function isBusOption(name: string): boolean {
  return (BUS_OPTIONS as readonly string[]).includes(name)
}

function publisherOf(publisher: PublisherOptions): Target {
  if (!isObject(publisher)) throw new OptionError('publisher', 'url, options or client', typeof publisher)
  knownOptions('publisher', publisher, PUBLISHER)
  return targetOf('publisher.', publisher)
}

function targetOf(where: string, { url, options, client }: PublisherOptions): Target {
  checkObject(`${where}options`, options)
  if (client === undefined) {
    return serverTarget(url === undefined ? undefined : urlSettings(`${where}url`, url), options)
  }
  if (!isClient(client))
    throw new OptionError(`${where}client`, 'a Redis or a Cluster of ioredis', typeof client)
  if (url !== undefined || options !== undefined) {
    throw new OptionError(`${where}client`, 'the place of url and options', 'all of them')
  }
  return clientTarget(client)
}

function startNodes(cluster: readonly ClusterAddress[], { url, client, options }: RedisOptions): Target {
  if (url !== undefined || client !== undefined) {
    throw new OptionError('cluster', 'the place of url and client', 'all of them')
  }
  checkObject('options', options)
  if (!Array.isArray(cluster) || cluster.length === 0) {
    throw new OptionError('cluster', 'a list of { host, port }', typeof cluster)
  }
  return clusterTarget(
    (cluster as readonly unknown[]).map((one, index) => address(`cluster[${String(index)}]`, one)),
    options,
  )
}

function address(where: string, one: unknown): ClusterAddress {
  if (!isObject(one)) throw new OptionError(where, '{ host, port }', typeof one)
  knownOptions(where, one, ['host', 'port'])
  const { host, port } = one as Partial<Record<keyof ClusterAddress, unknown>>
  if (typeof host !== 'string' || host === '') throw new OptionError(`${where}.host`, 'a host', typeof host)
  return { host, port: wholeFrom(`${where}.port`, port, 1, 65_535) }
}

function checkObject(option: string, value: unknown): void {
  if (value !== undefined && !isObject(value)) {
    throw new OptionError(option, 'an object, as ioredis takes it', typeof value)
  }
}

function isClient(value: unknown): boolean {
  return isObject(value) && 'isCluster' in value && 'duplicate' in value && 'options' in value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
