import type { Authorizer } from '../contract/authorizer.ts'
import type { OutboxLimits } from '../contract/slow-consumer.ts'
import type { BudgetLimits } from '../ground/budget.ts'
import { knownOptions, wholeFrom } from '../ground/options.ts'
import type { Platform } from '../ground/platform.ts'
import type { AuthorizationLimits } from './join-gate.ts'
import type { SlowConsumerOption } from './policies.ts'

/** How a hub is made. Everything has a default; a wrong value throws an OptionError that names it. */
export interface HubOptions {
  /** Who may join private and presence channels. Without one, nobody. */
  readonly authorizer?: Authorizer | undefined
  /** How authorizations are bounded. */
  readonly authorization?: Partial<AuthorizationLimits> | undefined
  /** How much may wait for one slow client. */
  readonly outbox?: Partial<OutboxLimits> | undefined
  /** What is done when more would have to wait. @defaultValue `'drop-newest'` */
  readonly slowConsumer?: SlowConsumerOption | undefined
  /** How much this node may hold on behalf of all its clients, in bytes. */
  readonly budgets?: Partial<BudgetLimits> | undefined
  /** A transport that takes no byte for so long is given up, whatever the policy; 0: never. @defaultValue `10_000` ms */
  readonly writeTimeoutMs?: number | undefined
  /** Channels one client may hold. @defaultValue `128` */
  readonly maxChannelsPerClient?: number | undefined
  /**
   * The number that names this hub among all that share a bus: its clients' ids begin with it, so that a message to one
   * client finds its node. From 0 to 4294967295. @defaultValue 32 random bits
   */
  readonly node?: number | undefined
  /** Makes client ids, each new. @defaultValue `digits.digits`: the hub's number, then 64 random bits */
  readonly clientId?: (() => string) | undefined
  /** Parts of the host to be replaced: clock and scheduler in tests, for example. */
  readonly platform?: Partial<Platform> | undefined
}

/** The options that are numbers, complete. */
export interface HubLimits {
  readonly authorization: AuthorizationLimits
  readonly outbox: OutboxLimits
  readonly writeTimeoutMs: number
  readonly maxChannelsPerClient: number
  readonly node: number | undefined
}

/** Checks the numbers and fills in the defaults. @throws OptionError */
export function hubLimits(options: HubOptions): HubLimits {
  const { authorization = {}, outbox = {} } = options
  knownOptions('authorization', authorization, ['timeoutMs', 'concurrent', 'pendingPerClient'])
  knownOptions('outbox', outbox, ['frames', 'bytes'])
  return {
    authorization: {
      timeoutMs: positive('authorization.timeoutMs', authorization.timeoutMs ?? 5_000),
      concurrent: positive('authorization.concurrent', authorization.concurrent ?? 64),
      pendingPerClient: positive('authorization.pendingPerClient', authorization.pendingPerClient ?? 16),
    },
    outbox: {
      frames: positive('outbox.frames', outbox.frames ?? 64),
      bytes: positive('outbox.bytes', outbox.bytes ?? 1_048_576),
    },
    writeTimeoutMs: wholeFrom('writeTimeoutMs', options.writeTimeoutMs ?? 10_000, 0),
    maxChannelsPerClient: positive('maxChannelsPerClient', options.maxChannelsPerClient ?? 128),
    node: options.node === undefined ? undefined : wholeFrom('node', options.node, 0, 0xffff_ffff),
  }
}

function positive(option: string, value: number): number {
  return wholeFrom(option, value, 1)
}
