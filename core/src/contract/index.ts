/**
 * What other packages, in any runtime, may import of core: types, and the words and grammar that both sides share.
 *
 * @module
 */
export type { AuthorizeFunction, AuthorizeRequest, Authorizer, Grant } from './authorizer.ts'
export type { Batch, Conn, Frame, FrameRun, Handshake, Lane, Session } from './conn.ts'
export {
  type AnswerInput,
  type AnswerOutput,
  type ChannelNames,
  type ChannelOf,
  type ChannelPatterns,
  type Contract,
  defineContract,
  type DirectInput,
  type DirectNames,
  type DirectOutput,
  type EventInput,
  type EventNames,
  type EventOutput,
  type Exchange,
  type InfoOf,
  type MessageInput,
  type MessageNames,
  type MessageOutput,
  type ParamsOf,
  type QuestionInput,
  type QuestionNames,
  type QuestionOutput,
  type ReplyInput,
  type ReplyOutput,
} from './contract.ts'
export type { Member, Message, Origin } from './message.ts'
export type { InputOf, OutputOf, Schema, SchemaIssue, SchemaResult } from './schema.ts'
export type {
  Broadcast,
  Command,
  Farewell,
  GapReason,
  MemberText,
  Opened,
  Protocol,
  Ref,
  RosterView,
  Traits,
  Unicast,
  WireData,
} from './protocol.ts'
export type { Relay } from './relay.ts'
export { type SharedText, splice, type SplicedText, textOf } from './shared-text.ts'
export type {
  DropReason,
  OutboxLimits,
  OutboxPressure,
  OverflowAction,
  SlowConsumerPolicy,
} from './slow-consumer.ts'
export {
  assertChannelName,
  channelNameFault,
  classifyChannel,
  MAX_CHANNEL_NAME_BYTES,
} from '../ground/channel-name.ts'
export type { ChannelType } from '../ground/channel-name.ts'
export { ChannelNameError, FanfareError, OptionError } from '../ground/errors.ts'
export { taken } from '../ground/bytes.ts'
export { isTooDeep, MAX_JSON_DEPTH } from '../ground/json-scan.ts'
export { knownOptions, wholeFrom } from '../ground/options.ts'
export { hostPlatform } from '../ground/platform.ts'
export { TimerWheel } from '../ground/timer-wheel.ts'
export { isWhy, type Why } from '../ground/why.ts'
export type { Cancel, Clock, Platform, Scheduler } from '../ground/platform.ts'
