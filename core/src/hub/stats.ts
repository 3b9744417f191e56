import type { BudgetLimits, BudgetStats } from '../ground/budget.ts'
import type { DropCounts } from './counters.ts'

/** A snapshot of what a hub holds and counts. */
export interface HubStats {
  readonly clients: number
  readonly channels: number
  readonly subscriptions: number
  readonly pendingAuthorizations: number
  /** Channels held with the relay. */
  readonly relayedChannels: number
  /** Frames that clients were to get, were handed to transports, and wait in outboxes (with their bytes). */
  readonly frames: {
    readonly accepted: number
    readonly written: number
    readonly writtenBytes: number
    readonly queued: number
    readonly queuedBytes: number
  }
  readonly dropped: DropCounts
  /** Inbound messages that nobody read. */
  readonly unread: number
  /** Messages given to `deliver` that were none. */
  readonly malformed: number
  /** What the node holds on behalf of its clients, in bytes, and how many were closed because it was too much. */
  readonly budgets: Readonly<Record<keyof BudgetLimits, BudgetStats>>
}
