import type { Frame } from '../contract/conn.ts'
import type { Broadcast, RosterView, WireData } from '../contract/protocol.ts'
import type { Slot } from './slots.ts'

/** For whom what waited is written. */
export interface Reader {
  rosterFor(channel: string): RosterView | undefined
  /** What its protocol makes of an event. */
  broadcast(event: Broadcast): WireData | undefined
  /** A frame that nobody has counted as accepted yet. */
  newFrame(data: WireData, lane: 'control' | 'presence'): Frame
}

/** What waited becomes frames: a hole and a fresh roster are written only now, as they are now. */
export function render(slots: readonly Slot[], reader: Reader): Frame[] {
  const frames: Frame[] = []
  for (const slot of slots) {
    const frame = slot.kind === 'frame' ? slot.frame : renderMark(slot, reader)
    if (frame) frames.push(frame)
  }
  return frames
}

function renderMark(slot: Exclude<Slot, { kind: 'frame' }>, reader: Reader): Frame | undefined {
  const event = slot.kind === 'gap' ? gapEvent(slot.channel, slot.count) : rosterEvent(slot.channel, reader)
  const data = event && reader.broadcast(event)
  if (data === undefined) return undefined
  return reader.newFrame(data, slot.kind === 'gap' ? 'control' : 'presence')
}

function gapEvent(channel: string | undefined, count: number): Broadcast {
  return { on: 'gap', channel, count, reason: 'slow' }
}

function rosterEvent(channel: string, reader: Reader): Broadcast | undefined {
  const roster = reader.rosterFor(channel)
  return roster && { on: 'roster', channel, roster }
}
