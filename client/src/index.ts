/**
 * A client for Fanfare servers, in browsers and in Node.
 *
 * @module
 */
export type { BackoffOptions } from './backoff.ts'
export type { Channel, EventOf, MemberOf, NamesIn, PublishOptions, ReadOptions } from './channel.ts'
export type {
  AuthRequest,
  ChannelEvent,
  ChannelOptions,
  ChannelSignals,
  ChannelState,
  Gap,
} from './channel-types.ts'
export { FanfareClient } from './client.ts'
export type { ClientEvents, DirectEvent } from './client-types.ts'
export type { StateChange } from './connection.ts'
export { type ErrorDetails, FanfareClientError } from './errors.ts'
export type { Off } from './listeners.ts'
export type { ClientOptions } from './options.ts'
export type { QueueLimits } from './outbox.ts'
export type { AbortSignalLike, ClientPlatform } from './platform.ts'
export type { RequestOptions } from './requests.ts'
export type { State } from './states.ts'
export type { Link, LinkEvents, Transport } from './transport.ts'
export { websocket, type WebSocketClass, type WebSocketLike } from './websocket-transport.ts'
