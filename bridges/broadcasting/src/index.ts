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
  SubscribeSignal,
  Subscription,
} from './event.ts'
export { memory, type MemoryOptions } from './memory.ts'
export type { BridgedHub } from './bridged-hub.ts'
export { bridge, type BridgeOptions, Link, type LinkSendOptions } from './bridge.ts'
export type { Outcome } from './unicast.ts'
export {
  Broadcast,
  BroadcastError,
  type BroadcastFailure,
  type CommonEvents,
  type CommonInput,
  type Condition,
  type PresenceName,
  type PresenceNames,
  type PrivateName,
  type PrivateNames,
} from './broadcast.ts'
export {
  Broadcaster,
  type BroadcasterOptions,
  type ChannelAuthorizer,
  type PresenceData,
  type SubscriberList,
} from './broadcaster.ts'
export type { Broadcastable, DispatchOptions } from './dispatch.ts'
export { type RequestWithHeaders, socketId } from './socket-id.ts'
export {
  authorizer,
  broadcast,
  type BroadcastFacade,
  defaultBroadcaster,
  resetDefaults,
  setAuthorizer,
  setDefaultBroadcaster,
  setPresenceData,
} from './default-broadcaster.ts'
