import type { Why } from '../ground/why.ts'

/** What a gateway counts. */
export class GatewayCounters {
  connections = 0
  messagesReceived = 0
  bytesReceived = 0
  handlerErrors = 0
  /** Handshakes and requests of clients that were refused, by reason. */
  readonly refusals = new Map<Why, number>()

  received(bytes: number): void {
    this.messagesReceived++
    this.bytesReceived += bytes
  }

  refused(why: Why): void {
    this.refusals.set(why, (this.refusals.get(why) ?? 0) + 1)
  }
}
