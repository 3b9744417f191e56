import type { Frame } from '../contract/conn.ts'
import type { SlowConsumerPolicy } from '../contract/slow-consumer.ts'
import { overflow, type Overflowing } from './overflow.ts'

/** Puts a frame into the outbox of a client whose transport is full, by the rules of its lane. */
export function queue(
  outlet: Overflowing,
  frame: Frame,
  channel: string | undefined,
  policy: SlowConsumerPolicy,
): void {
  if (frame.lane === 'control') queueControl(outlet, frame, channel)
  else if (frame.lane === 'presence') queuePresence(outlet, frame, channel)
  else if (makeRoom(outlet, frame)) outlet.outbox.push(frame, channel)
  else overflow(outlet, frame, channel, policy)
}

function queueControl(outlet: Overflowing, frame: Frame, channel: string | undefined): void {
  if (outlet.outbox.fitsControl(frame)) {
    outlet.outbox.push(frame, channel)
    return
  }
  outlet.drop('overflow', channel)
  outlet.host.evict(outlet, 'slow')
}

function queuePresence(outlet: Overflowing, frame: Frame, channel: string | undefined): void {
  const { outbox, conn } = outlet
  if (channel !== undefined && outbox.hasRoster(channel)) outlet.drop('roster', channel)
  else if (outbox.fits(frame, conn.bufferedBytes)) outbox.push(frame, channel)
  else if (channel === undefined) outlet.drop('overflow', channel)
  else {
    collapsePresence(outlet)
    outbox.markRoster(channel)
    outlet.drop('roster', channel)
  }
}

/** Whether there is room for a data frame, after waiting presence changes made way for a fresh roster. */
function makeRoom(outlet: Overflowing, frame: Frame): boolean {
  if (outlet.outbox.fits(frame, outlet.conn.bufferedBytes)) return true
  collapsePresence(outlet)
  return outlet.outbox.fits(frame, outlet.conn.bufferedBytes)
}

function collapsePresence(outlet: Overflowing): void {
  for (const slot of outlet.outbox.collapsePresence()) outlet.drop('roster', slot.channel)
}
