import type { Lane, Session } from '../contract/conn.ts'
import type { Origin } from '../contract/message.ts'
import type { Protocol, Unicast } from '../contract/protocol.ts'
import type { Why } from '../ground/why.ts'
import type { DropCounts } from './counters.ts'

/** Called with each whole message of a client. A promise is not waited for; its rejection is an `error` event. */
export type Receiver = (client: Client, data: string | Uint8Array) => void | Promise<void>

/** The same as an object, which need not be told whose messages they are. */
export interface Listener {
  receive(data: string | Uint8Array): void | Promise<void>
}

/** How a client is added. */
export interface AddOptions {
  /** Its identity; handed to the authorizer, opaque to the hub. */
  readonly auth?: unknown
  /** The dialect it speaks. @defaultValue `plain()` */
  readonly protocol?: Protocol | undefined
  /** The protocol's memory of the connection, if the protocol's `open` made one. For gateways. */
  readonly scratch?: unknown
}

/** How something is sent to one client. */
export interface SendOptions {
  /** The message's name. Without one, `plain` sends the payload as it is and other protocols call it `message`. */
  readonly event?: string | undefined
  /** Conflation key. */
  readonly key?: string | undefined
  /** Who caused it. */
  readonly from?: Origin | undefined
}

/** One connected client, as the application sees it. */
export interface Client {
  /** `digits.digits`: the node, and something unguessable. */
  readonly id: string
  /** Who it is: what `hub.add` was given, or {@link identify} since. */
  readonly auth: unknown
  /** The name of the protocol it speaks. */
  readonly protocol: string
  /** The channels it is subscribed to, in a new list. */
  readonly channels: string[]
  /** Whether it is subscribed to a channel. */
  subscribedTo(channel: string): boolean
  /** `false` from the moment it is closed, by either side. */
  readonly connected: boolean
  /** How many frames it did not get. */
  readonly drops: number
  /** The same by reason. */
  readonly dropCounts: DropCounts
  /** Frames and bytes waiting in its outbox. 0 while its transport has room. */
  readonly queued: { readonly frames: number; readonly bytes: number }
  /** Frames and bytes handed to its transport so far. */
  readonly sent: { readonly frames: number; readonly bytes: number }
  /** From now on this is who it is, for the authorizer. */
  identify(auth: unknown): void
  /** So much is remembered of it outside the hub from now on, in bytes: it counts on the budget for state. For gateways. */
  remember(bytes: number): void
  /** What the adapter reports to. */
  readonly session: Session
  /** Sends to this client alone; bytes are copied. Returns `false` when it is gone (and counts the drop). */
  send(payload: string | Uint8Array, options?: SendOptions): boolean
  /** Writes an answer or a notice in the client's own protocol; for gateways. */
  tell(event: Unicast, lane?: Lane): void
  /**
   * Calls `receiver` with each message of the client, first with those that came already. Resolves when the client is
   * gone. A receiver that throws or rejects causes an `error` event and nothing else.
   */
  serve(receiver: Receiver): Promise<void>
  /** The same without a promise, for gateways: an idle client holds nothing more than the listener. */
  listen(listener: Listener): void
  /**
   * Ends the connection: the client leaves every channel at once, the transport says goodbye. Idempotent.
   *
   * @param code - a word, to which the protocol has a close code, or a close code: 1000 or 3000 to 4999.
   * @param reason - for the peer; cut to 123 bytes of UTF-8.
   * @defaultValue `'closed'`, which is 1000
   * @throws OptionError for another number
   */
  close(code?: number | Why, reason?: string): void
}
