/**
 * What both entries of the package export.
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
export type { ClientEvents, DirectEvent } from './client-types.ts'
export type { StateChange } from './connection.ts'
export { type ErrorDetails, FanfareClientError } from './errors.ts'
export { fallback } from './fallback.ts'
export type { HttpOptions } from './http-requests.ts'
export type { Off } from './listeners.ts'
export type { ClientOptions, Edition } from './options.ts'
export type { QueueLimits } from './outbox.ts'
export type {
  AbortSignalLike,
  BodyReader,
  ClientPlatform,
  Wake,
  FetchInit,
  FetchLike,
  FetchResponse,
  StorageLike,
} from './platform.ts'
export { poll } from './poll-transport.ts'
export type { RequestOptions } from './requests.ts'
export { sse } from './sse-transport.ts'
export type { State } from './states.ts'
export type { Link, LinkEvents, Transport } from './transport.ts'
export type { WebSocketClass, WebSocketLike } from './websocket-like.ts'
export { websocket } from './websocket-transport.ts'
