import type { Handshake } from '../contract/conn.ts'
import { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import type { Client } from '../hub/client.ts'

/** One client as handlers see it. */
export class GatewayClient {
  /** The hub's view of the same client. */
  readonly client: Client
  /** What was known of it before it was accepted. */
  readonly handshake: Handshake
  /** Whatever the application wants to remember about it. */
  readonly metadata = new Map<string, unknown>()

  constructor(client: Client, handshake: Handshake) {
    this.client = client
    this.handshake = handshake
  }

  get id(): string {
    return this.client.id
  }

  get connected(): boolean {
    return this.client.connected
  }

  /** The channels it is subscribed to, in a new list. */
  get channels(): string[] {
    return this.client.channels
  }

  /** Sends it a message with a name; `data` is printed as JSON. Returns `false` when the client is gone. */
  send(event: string, data: unknown): boolean {
    return this.client.send(Payload.of(data).text, { event })
  }

  /** Ends the connection; see `Client.close`. */
  close(code?: number | Why, reason?: string): void {
    this.client.close(code, reason)
  }
}
