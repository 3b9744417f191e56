import type { DropReason } from '../contract/slow-consumer.ts'

/** Frames that were not delivered, by reason. */
export type DropCounts = Readonly<Record<DropReason, number>>

export function noDrops(): Record<DropReason, number> {
  return { overflow: 0, conflated: 0, roster: 0, encode: 0, closed: 0 }
}

export function allDrops({ overflow, conflated, roster, encode, closed }: DropCounts): number {
  return overflow + conflated + roster + encode + closed
}

/**
 * What a hub counts about frames. At any moment
 * `accepted = written + dropped (all reasons) + owed (this turn) + queued (in outboxes)`.
 */
export class Counters {
  /** Frames that clients were to get. */
  accepted = 0
  /** Frames handed to transports, and their bytes. */
  written = 0
  writtenBytes = 0
  /** Frames waiting in outboxes now, and their bytes. */
  queuedFrames = 0
  queuedBytes = 0
  readonly dropped = noDrops()
  /** Inbound messages that came before anybody served the client and did not fit, or had no reader at all. */
  unread = 0
  /** Messages handed to `deliver` that were none. */
  malformed = 0
}
