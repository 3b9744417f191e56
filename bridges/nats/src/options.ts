import { BUS_OPTIONS, type BusOptions } from '@fanfare/broadcasting/driver'
import { knownOptions, OptionError } from '@fanfare/core/contract'
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'

import { type Servers, serversOf } from './servers.ts'

/**
 * What the client library takes: credentials, TLS, the connection's name, and so on. `reconnect`, `timeout`, `noEcho` and
 * `waitOnFirstConnect` are set by the driver, whatever they are here.
 */
export type NatsClientOptions = Omit<NodeConnectionOptions, 'servers' | 'port'>

/** What `nats` takes, besides what every driver takes. */
export interface NatsOptions extends BusOptions {
  /**
   * The servers of one cluster; a connection is made to any of them. `nats://host:port`, with `user:password@` or `token@`
   * where needed, `tls://` to require TLS.
   * @defaultValue `'nats://127.0.0.1:4222'`
   */
  readonly servers?: string | readonly string[] | undefined
  /** For the client library. What is in the addresses comes second to what is here. */
  readonly options?: NatsClientOptions | undefined
  /**
   * A connection of one's own, made without `noEcho`, instead of `servers` and `options`. It is never closed here, and it is
   * the library that reconnects it.
   */
  readonly connection?: NatsConnection | undefined
}

/** Where the connection comes from. */
export type NatsSource =
  | { readonly connection: NatsConnection }
  | { readonly connection?: undefined; readonly servers: Servers; readonly options: NatsClientOptions }

/** Checks what is NATS' own among the options. @throws OptionError */
export function natsSource(options: NatsOptions): NatsSource {
  knownOptions('nats', options, [...BUS_OPTIONS, 'servers', 'options', 'connection'])
  const { connection, servers, options: client } = options
  if (connection === undefined) return { servers: serversOf(servers), options: checkedClient(client) }
  if (!isConnection(connection)) {
    throw new OptionError(
      'connection',
      'a NatsConnection, as connect() of the library gives',
      typeof connection,
    )
  }
  if (servers !== undefined) throw new OptionError('servers', 'nothing beside connection', typeof servers)
  if (client !== undefined) throw new OptionError('options', 'nothing beside connection', typeof client)
  return { connection }
}

function checkedClient(client: unknown = {}): NatsClientOptions {
  // The value is not shown: it may hold a password.
  if (typeof client !== 'object' || client === null || Array.isArray(client)) {
    throw new OptionError('options', 'an object, as connect() of the library takes', typeof client)
  }
  for (const name of ['servers', 'port'] as const) {
    if (name in client)
      throw new OptionError(`options.${name}`, 'nothing: the addresses go into servers', name)
  }
  return client
}

const METHODS = ['publish', 'subscribe', 'flush', 'rtt', 'status', 'closed', 'isClosed'] as const

function isConnection(value: unknown): value is NatsConnection {
  if (typeof value !== 'object' || value === null) return false
  return METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
