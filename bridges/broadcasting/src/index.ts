/**
 * Events between processes: drivers, the broadcaster, and the bridge that joins a hub to a bus.
 *
 * @module
 */
export type {
  Driver,
  DriverStatus,
  Event,
  Handler,
  LogDetails,
  Logger,
  SubscribeOptions,
  Subscription,
} from './event.ts'
