import type { Frame } from '../contract/conn.ts'
import type { Traits } from '../contract/protocol.ts'
import type {
  DropReason,
  OutboxLimits,
  OverflowAction,
  SlowConsumerPolicy,
} from '../contract/slow-consumer.ts'
import type { Why } from '../ground/why.ts'
import type { Outbox } from './outbox.ts'

/** A client's way out, as far as its overflow is concerned. */
export interface Overflowing {
  readonly id: string
  readonly conn: { readonly bufferedBytes: number }
  readonly protocol: { readonly traits: Traits }
  readonly outbox: Outbox
  readonly queued: { readonly frames: number; readonly bytes: number }
  readonly drops: number
  readonly host: {
    readonly limits: { readonly outbox: OutboxLimits }
    evict(outlet: Overflowing, why: Why): void
    failed(outlet: Overflowing, error: unknown, where: 'policy'): void
  }
  gap(channel: string | undefined): void
  drop(reason: DropReason, channel: string | undefined): void
}

type Handler = (outlet: Overflowing, frame: Frame, channel: string | undefined) => void

/** Does what the policy says with a data frame that does not fit into the outbox. */
export function overflow(
  outlet: Overflowing,
  frame: Frame,
  channel: string | undefined,
  policy: SlowConsumerPolicy,
): void {
  HANDLERS[decide(outlet, frame, channel, policy)](outlet, frame, channel)
}

const HANDLERS: Readonly<Record<OverflowAction, Handler>> = {
  'drop-newest': dropNewest,
  'drop-oldest': dropOldest,
  disconnect,
  conflate,
}

function decide(
  outlet: Overflowing,
  incoming: Frame,
  channel: string | undefined,
  policy: SlowConsumerPolicy,
): OverflowAction {
  if (typeof policy === 'string') return policy
  const { frames, bytes } = outlet.queued
  try {
    const action = policy({
      client: outlet.id,
      channel,
      incoming,
      frames,
      bytes: bytes + outlet.conn.bufferedBytes,
      limits: outlet.host.limits.outbox,
      dropped: outlet.drops,
    })
    if (Object.hasOwn(HANDLERS, action)) return action
    throw new TypeError(`a slow-consumer policy returned ${String(action)}, which is no action`)
  } catch (error) {
    outlet.host.failed(outlet, error, 'policy')
    return 'drop-newest'
  }
}

function dropNewest(outlet: Overflowing, frame: Frame, channel: string | undefined): void {
  outlet.gap(channel)
  outlet.drop('overflow', channel)
}

function dropOldest(outlet: Overflowing, frame: Frame, channel: string | undefined): void {
  const silent = outlet.protocol.traits.gap !== 'frame'
  // Nothing may be given up for a frame that will not fit even then.
  const hopeless = frame.bytes + outlet.conn.bufferedBytes > outlet.host.limits.outbox.bytes
  while (!fits(outlet, frame)) {
    const oldest = hopeless ? undefined : outlet.outbox.dropOldest(silent)
    if (!oldest) {
      dropNewest(outlet, frame, channel)
      return
    }
    if (outlet.protocol.traits.gap === 'close') outlet.host.evict(outlet, 'gap')
    outlet.drop('overflow', oldest.channel)
  }
  outlet.outbox.push(frame, channel)
}

function disconnect(outlet: Overflowing, frame: Frame, channel: string | undefined): void {
  outlet.drop('overflow', channel)
  outlet.host.evict(outlet, 'slow')
}

function conflate(outlet: Overflowing, frame: Frame, channel: string | undefined): void {
  if (outlet.outbox.replace(frame, channel, outlet.conn.bufferedBytes)) {
    outlet.drop('conflated', channel)
    return
  }
  for (let given = outlet.outbox.conflate(channel); given > 0; given--) outlet.drop('conflated', channel)
  if (fits(outlet, frame)) outlet.outbox.push(frame, channel)
  else dropNewest(outlet, frame, channel)
}

function fits(outlet: Overflowing, frame: Frame): boolean {
  return outlet.outbox.fits(frame, outlet.conn.bufferedBytes)
}
