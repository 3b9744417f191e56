import type { Frame } from '../contract/conn.ts'

/** A frame that waits, with the channel it belongs to (`undefined`: sent to the client directly). */
export interface FrameSlot {
  readonly kind: 'frame'
  frame: Frame
  readonly channel: string | undefined
}

/** A hole: `count` data frames of the channel are missing here. */
export interface GapSlot {
  readonly kind: 'gap'
  readonly channel: string | undefined
  count: number
}

/** Presence changes were given up here: the roster as it is when the client can take it stands for them. */
export interface RosterSlot {
  readonly kind: 'roster'
  readonly channel: string
}

export type Slot = FrameSlot | GapSlot | RosterSlot

/** Where the newest waiting value of a key is found. No channel name has a line feed in it. */
export function conflationKey(channel: string | undefined, key: string): string {
  return `${channel ?? ''}\n${key}`
}
