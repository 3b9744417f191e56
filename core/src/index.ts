/**
 * Fanfare's core: a hub that knows no socket, the protocols it speaks, and the gateway that lets clients talk to it.
 *
 * @module
 */
export * from './contract/index.ts'
export type { Refusal, Ticket } from './gateway/admission.ts'
export type { Context } from './gateway/context.ts'
export type { Explanation } from './gateway/explanation.ts'
export { Gateway, type RevokeOptions } from './gateway/gateway.ts'
export type { GatewayClient, Traffic } from './gateway/gateway-client.ts'
export type { GatewayMessage } from './gateway/gateway-message.ts'
export type { GatewayStats } from './gateway/gateway-stats.ts'
export type { Handler, OnUnknown } from './gateway/handlers.ts'
export type { Authenticate, AuthenticateAt, AuthenticateRequest, User } from './gateway/identity.ts'
export type { JournalEntry } from './gateway/journal.ts'
export type { LifecycleEvents } from './gateway/lifecycle.ts'
export type { AuthorizeChannelRequest, GatewayLimits, GatewayOptions, Heartbeat } from './gateway/options.ts'
export type { AllowedOrigins } from './gateway/origins.ts'
export type { Middleware, Phase } from './gateway/pipeline.ts'
export type { RateLimitOptions } from './gateway/rate-limits.ts'
export type { ChannelTarget, ClientLike, ClientTarget, Group, SendToOptions } from './gateway/targets.ts'
export type { Rate } from './gateway/token-bucket.ts'
export { cookieOf, OneTimeTokens, tokenOf } from './gateway/tokens.ts'
export type { Budget, BudgetLimits, Budgets, BudgetStats, Holder } from './ground/budget.ts'
export {
  CancelledError,
  ChannelNameError,
  ClientError,
  FanfareError,
  HubClosedError,
  isOutage,
  LimitError,
  OptionError,
  UnauthorizedError,
} from './ground/errors.ts'
export { Payload } from './ground/payload.ts'
export { hostPlatform } from './ground/platform.ts'
export { TimerWheel } from './ground/timer-wheel.ts'
export type { AddOptions, Client, Receiver, SendOptions } from './hub/client.ts'
export { closeCode } from './hub/close-codes.ts'
export type { DropCounts } from './hub/counters.ts'
export type {
  DisconnectEvent,
  DropEvent,
  ErrorEvent,
  HubEvents,
  PresenceEvent,
  SubscriptionEvent,
} from './hub/events.ts'
export { type BroadcastOptions, Hub } from './hub/hub.ts'
export type { AuthorizationLimits } from './hub/join-gate.ts'
export type { SubscribeOptions } from './hub/memberships.ts'
export type { HubOptions } from './hub/options.ts'
export { plain } from './hub/plain.ts'
export type { SlowConsumerOption } from './hub/policies.ts'
export type { HubStats } from './hub/stats.ts'
export { native } from './protocols/native.ts'
export { velocity, type VelocityOptions } from './protocols/velocity.ts'
