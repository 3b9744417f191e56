import type { Why } from '../ground/why.ts'
import type { HubStats } from '../hub/stats.ts'
import type { Traffic } from './gateway-client.ts'

/** A snapshot of what a gateway counts. */
export interface GatewayStats {
  readonly clients: number
  /** Connections accepted so far. */
  readonly connections: number
  /** Messages of clients. */
  readonly received: Traffic
  /** Frames handed to transports. */
  readonly sent: Traffic
  /** Subscribers on this node, by channel. */
  readonly subscriptions: Readonly<Record<string, number>>
  readonly groups: number
  /** Handlers and listeners that failed. */
  readonly handlerErrors: number
  /** Messages that nobody handled. */
  readonly unknown: number
  /** Handshakes and requests of clients that were refused, by reason. */
  readonly refusals: Readonly<Partial<Record<Why, number>>>
  readonly hub: HubStats
}
