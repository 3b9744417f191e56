import type { Message, Relay, Why } from '@fanfare/core/contract'

/** The part of a hub that a bridge uses. */
export interface BridgedHub {
  /** The number that its clients' ids begin with. */
  readonly node: string
  attach(relay: Relay): () => Promise<void>
  deliver(message: Message): void
  gap(channel: string): void
  sendTo(
    clientId: string,
    payload: string | Uint8Array,
    options?: { readonly event?: string | undefined; readonly key?: string | undefined },
  ): boolean
  client(id: string): { close(code?: number | Why, reason?: string): void } | undefined
}
