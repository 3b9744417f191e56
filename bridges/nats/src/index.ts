/**
 * Fanfare across processes, through NATS.
 *
 * @module
 */
import { BusDriver, busOptionsIn } from '@fanfare/broadcasting/driver'

import { dialConnection, dialServers } from './dial.ts'
import { natsSource, type NatsOptions } from './options.ts'
import { subjectOf } from './subjects.ts'

export type { NatsClientOptions, NatsOptions } from './options.ts'

/**
 * A driver on NATS, with the official client. It connects by itself, and again whenever the connection is lost; nothing of
 * that is thrown here.
 *
 * @example
 * ```ts
 * import { nats } from '@fanfare/nats'
 *
 * const driver = nats({ servers: ['nats://10.0.0.1:4222', 'nats://10.0.0.2:4222'], options: { name: 'web-1' } })
 * ```
 *
 * @param options - or the address of a server alone; `nats://127.0.0.1:4222` without any
 * @throws OptionError that names the option and what it takes
 */
export function nats(options: NatsOptions | string = {}): BusDriver {
  const given = typeof options === 'string' ? { servers: options } : options
  const source = natsSource(given)
  const dial = source.connection
    ? dialConnection(source.connection)
    : dialServers(source.servers, source.options)
  return new BusDriver({ name: 'nats', dial, subject: subjectOf }, busOptionsIn(given))
}
