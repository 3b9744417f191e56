import type { Frame } from './conn.ts'

/**
 * What happens to a data frame that does not fit into the outbox of a slow client.
 *
 * - `drop-newest`: it is dropped. The default.
 * - `drop-oldest`: the oldest waiting data frames make room for it.
 * - `disconnect`: the client is closed as `slow`.
 * - `conflate`: it replaces the waiting frame of the same channel and key, in that one's place. If there is none, older
 *   values of other keys go first; a frame that still does not fit, or has no key, is dropped like `drop-newest`.
 */
export type OverflowAction = 'drop-newest' | 'drop-oldest' | 'disconnect' | 'conflate'

/** What a policy function may look at. */
export interface OutboxPressure {
  /** Id of the slow client. */
  readonly client: string
  /** The channel of the frame; `undefined` for a direct one. */
  readonly channel: string | undefined
  /** The frame that does not fit. */
  readonly incoming: Frame
  /** Frames waiting in the outbox. */
  readonly frames: number
  /** Bytes waiting, in the outbox and in the transport. */
  readonly bytes: number
  readonly limits: OutboxLimits
  /** How many frames this client has lost so far. */
  readonly dropped: number
}

/** A word, or a function that returns one. The function runs inside a fan-out: it must be quick, and cannot wait. */
export type SlowConsumerPolicy = OverflowAction | ((pressure: OutboxPressure) => OverflowAction)

/** How much may wait for one slow client. */
export interface OutboxLimits {
  /** Data and presence frames in the outbox. @defaultValue `64` */
  readonly frames: number
  /** Their bytes, plus the bytes that the transport holds. @defaultValue `1_048_576` (1 MiB) */
  readonly bytes: number
}

/**
 * Why a frame did not reach a client.
 *
 * - `overflow`: dropped by the policy.
 * - `conflated`: replaced by a newer value of the same key.
 * - `roster`: a presence change, replaced by a fresh roster.
 * - `encode`: the client's protocol cannot carry it (bytes, for example).
 * - `closed`: still waiting when the client was closed, or sent to it afterwards.
 */
export type DropReason = 'overflow' | 'conflated' | 'roster' | 'encode' | 'closed'
