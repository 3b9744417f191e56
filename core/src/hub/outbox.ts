import type { Frame } from '../contract/conn.ts'
import type { OutboxLimits } from '../contract/slow-consumer.ts'
import type { Counters } from './counters.ts'
import { conflationKey, type FrameSlot, type GapSlot, type RosterSlot, type Slot } from './slots.ts'

/** What the outbox remembers of one channel. */
interface Marks {
  /** Data frames of the channel that wait. */
  frames: number
  /** The gap before the first of them, and the one behind the last. */
  front?: GapSlot | undefined
  back?: GapSlot | undefined
  roster?: RosterSlot | undefined
}

/** Control frames have room of their own, whatever else waits. Beyond it the client is closed. */
export const CONTROL_LIMITS: OutboxLimits = { frames: 64, bytes: 65_536 }

/** What a frame that waits takes beside its data. */
const FRAME_BYTES = 128

/**
 * What waits for one client whose transport is full: a queue in the order in which things were said. It counts; what is
 * done when it is full is decided by its owner.
 */
export class Outbox {
  readonly #limits: OutboxLimits
  readonly #gauge: Counters
  #slots: (Slot | undefined)[] = []
  #live = 0
  #oldest = 0
  readonly #marks = new Map<string, Marks>()
  readonly #latest = new Map<string, FrameSlot>()
  #frames = 0
  #bytes = 0
  #controlFrames = 0
  #controlBytes = 0

  constructor(limits: OutboxLimits, gauge: Counters) {
    this.#limits = limits
    this.#gauge = gauge
  }

  /** Data and presence frames that wait. */
  get frames(): number {
    return this.#frames
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** What all frames that wait take in memory, about. */
  get heldBytes(): number {
    const frames = this.#frames + this.#controlFrames
    return this.#bytes + this.#controlBytes + frames * FRAME_BYTES
  }

  /** Whether a data or presence frame fits beside what waits here and in the transport. */
  fits(frame: Frame, bufferedBytes: number): boolean {
    return (
      this.#frames < this.#limits.frames && this.#bytes + bufferedBytes + frame.bytes <= this.#limits.bytes
    )
  }

  /** Whether a control frame fits beside the control frames that wait. */
  fitsControl(frame: Frame): boolean {
    return (
      this.#controlFrames < CONTROL_LIMITS.frames && this.#controlBytes + frame.bytes <= CONTROL_LIMITS.bytes
    )
  }

  push(frame: Frame, channel: string | undefined): void {
    const slot: FrameSlot = { kind: 'frame', frame, channel }
    this.#append(slot)
    this.#count(frame, 1)
    if (frame.lane !== 'data') return
    const marks = this.#marksOf(channel)
    marks.frames++
    marks.back = undefined
    if (frame.key !== undefined) this.#latest.set(conflationKey(channel, frame.key), slot)
  }

  /** Takes out the oldest data frame, and marks the hole unless `silent`. `undefined`: there is none. */
  dropOldest(silent: boolean): FrameSlot | undefined {
    const at = this.#findOldest()
    const slot = this.#slots[at]
    if (slot?.kind !== 'frame') return undefined
    this.#clear(at, slot)
    if (!silent) this.#markFront(at, slot.channel)
    this.#compact()
    return slot
  }

  /** Marks a hole behind everything that waits. */
  markGap(channel: string | undefined): void {
    const marks = this.#marksOf(channel)
    if (marks.back) {
      marks.back.count++
      return
    }
    const gap: GapSlot = { kind: 'gap', channel, count: 1 }
    marks.back = gap
    if (marks.frames === 0) marks.front ??= gap
    this.#append(gap)
  }

  /** Puts a frame in the place of the waiting one with its key. `false`: there is none, or the new one is too big. */
  replace(frame: Frame, channel: string | undefined, bufferedBytes: number): boolean {
    const slot = frame.key === undefined ? undefined : this.#latest.get(conflationKey(channel, frame.key))
    if (!slot) return false
    const old = slot.frame
    if (this.#bytes - old.bytes + frame.bytes + bufferedBytes > this.#limits.bytes) return false
    this.#count(old, -1)
    this.#count(frame, 1)
    slot.frame = frame
    return true
  }

  /** Keeps of each key of the channel the newest value alone, in the place of the oldest. Returns how many were given up. */
  conflate(channel: string | undefined): number {
    const first = new Map<string, FrameSlot>()
    let given = 0
    this.#slots.forEach((slot, at) => {
      if (slot?.kind !== 'frame' || slot.channel !== channel || slot.frame.key === undefined) return
      const key = conflationKey(channel, slot.frame.key)
      const earlier = first.get(key)
      if (!earlier) {
        first.set(key, slot)
        return
      }
      given++
      this.#clear(at, slot)
      this.#count(earlier.frame, -1)
      this.#count(slot.frame, 1)
      earlier.frame = slot.frame
    })
    for (const [key, slot] of first) this.#latest.set(key, slot)
    this.#mergeGaps()
    this.#compact()
    return given
  }

  /** Whether the channel's presence changes are given up for a fresh roster already. */
  hasRoster(channel: string): boolean {
    return this.#marks.get(channel)?.roster !== undefined
  }

  /** From now on a fresh roster stands for the presence changes of the channel. */
  markRoster(channel: string): void {
    const marks = this.#marksOf(channel)
    if (marks.roster) return
    marks.roster = { kind: 'roster', channel }
    this.#append(marks.roster)
  }

  /** Gives up every waiting presence frame for one fresh roster per channel. Returns what was given up. */
  collapsePresence(): FrameSlot[] {
    const given: FrameSlot[] = []
    this.#slots.forEach((slot, at) => {
      if (slot?.kind !== 'frame' || slot.frame.lane !== 'presence' || slot.channel === undefined) return
      given.push(slot)
      this.#clear(at, slot)
      const marks = this.#marksOf(slot.channel)
      if (marks.roster) return
      marks.roster = { kind: 'roster', channel: slot.channel }
      this.#slots[at] = marks.roster
      this.#live++
    })
    this.#compact()
    return given
  }

  /** The client left the channel: it needs no fresh roster of it any more. */
  forgetRoster(channel: string): void {
    const marks = this.#marks.get(channel)
    if (!marks?.roster) return
    const at = this.#slots.indexOf(marks.roster)
    if (at >= 0) {
      this.#slots[at] = undefined
      this.#live--
    }
    marks.roster = undefined
  }

  /** Hands over everything, in order, and is empty. */
  take(): Slot[] {
    this.#mergeGaps()
    const slots = this.#slots.filter((slot) => slot !== undefined)
    this.#gauge.queuedFrames -= this.#frames + this.#controlFrames
    this.#gauge.queuedBytes -= this.#bytes + this.#controlBytes
    this.#slots = []
    this.#live = this.#oldest = 0
    this.#frames = this.#bytes = this.#controlFrames = this.#controlBytes = 0
    this.#marks.clear()
    this.#latest.clear()
    return slots
  }

  #marksOf(channel: string | undefined): Marks {
    const key = channel ?? ''
    let marks = this.#marks.get(key)
    if (!marks) this.#marks.set(key, (marks = { frames: 0 }))
    return marks
  }

  #append(slot: Slot): void {
    this.#slots.push(slot)
    this.#live++
  }

  #findOldest(): number {
    for (; this.#oldest < this.#slots.length; this.#oldest++) {
      const slot = this.#slots[this.#oldest]
      if (slot?.kind === 'frame' && slot.frame.lane === 'data') break
      if (slot?.kind === 'gap') this.#mergeGap(this.#oldest, slot)
    }
    return this.#oldest
  }

  /** No data frame is left before this gap: it is the same hole as the one in front. */
  #mergeGap(at: number, gap: GapSlot): void {
    const marks = this.#marksOf(gap.channel)
    marks.front ??= gap
    if (marks.front !== gap) this.#joinGap(at, gap, marks.front)
  }

  /** Gaps of one channel without a message of it between them are one hole, at the place of the first. */
  #mergeGaps(): void {
    const holes = new Map<string | undefined, GapSlot>()
    this.#slots.forEach((slot, at) => {
      if (slot?.kind === 'frame' && slot.frame.lane === 'data') holes.delete(slot.channel)
      if (slot?.kind !== 'gap') return
      const hole = holes.get(slot.channel)
      if (hole) this.#joinGap(at, slot, hole)
      else holes.set(slot.channel, slot)
    })
  }

  #joinGap(at: number, gap: GapSlot, earlier: GapSlot): void {
    const marks = this.#marksOf(gap.channel)
    earlier.count += gap.count
    if (marks.front === gap) marks.front = earlier
    if (marks.back === gap) marks.back = earlier
    this.#slots[at] = undefined
    this.#live--
  }

  #clear(at: number, slot: FrameSlot): void {
    this.#slots[at] = undefined
    this.#live--
    this.#count(slot.frame, -1)
    if (slot.frame.lane !== 'data') return
    this.#marksOf(slot.channel).frames--
    if (slot.frame.key === undefined) return
    const key = conflationKey(slot.channel, slot.frame.key)
    if (this.#latest.get(key) === slot) this.#latest.delete(key)
  }

  #markFront(at: number, channel: string | undefined): void {
    const marks = this.#marksOf(channel)
    if (marks.front) {
      marks.front.count++
    } else {
      marks.front = { kind: 'gap', channel, count: 1 }
      this.#slots[at] = marks.front
      this.#live++
    }
    if (marks.frames === 0) marks.back ??= marks.front
  }

  #count(frame: Frame, sign: 1 | -1): void {
    const bytes = sign * frame.bytes
    if (frame.lane === 'control') {
      this.#controlFrames += sign
      this.#controlBytes += bytes
    } else {
      this.#frames += sign
      this.#bytes += bytes
    }
    this.#gauge.queuedFrames += sign
    this.#gauge.queuedBytes += bytes
  }

  /** Keeps the array in proportion to what waits in it; the cost is spread over the drops that made the holes. */
  #compact(): void {
    if (this.#slots.length <= 2 * this.#live + 16) return
    this.#slots = this.#slots.filter((slot) => slot !== undefined)
    this.#oldest = 0
  }
}
