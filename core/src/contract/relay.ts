import type { Message } from './message.ts'

/**
 * What a bridge is to the hub: it carries messages away, and brings them back, to this hub too, by `hub.deliver`. There
 * is one path in, so there is one order.
 */
export interface Relay {
  /** Resolves when the bus has the message; rejects when it was refused or its fate is unknown. */
  publish(message: Message): Promise<void>
  /** The channel has its first local subscriber, or the first that waits. Resolves when nothing will be missed. */
  open(channel: string): Promise<void>
  /**
   * Nobody here wants the channel any more whose `open` still runs: that may end now, well or badly. A relay that cannot
   * open for a long time would otherwise keep a call for every channel that was asked for meanwhile.
   */
  cancel?(channel: string): void
  /** Nobody here wants the channel any more. Never called while `open` of the same channel runs. */
  close(channel: string): Promise<void>
}
