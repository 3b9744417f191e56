import type { DisconnectEvent, ErrorEvent, SubscriptionEvent } from '../hub/events.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { User } from './identity.ts'

/** What can be observed of a gateway's clients. */
export interface LifecycleEvents<U extends User = User> {
  /** A client is connected, authenticated where that is asked, and was greeted. */
  connect: (client: GatewayClient<U>) => unknown
  /** A client that was connected in this sense is gone. Its groups are still there to be looked at, its channels are in the event. */
  disconnect: (client: GatewayClient<U>, event: DisconnectEvent) => unknown
  subscribe: (client: GatewayClient<U>, event: SubscriptionEvent) => unknown
  unsubscribe: (client: GatewayClient<U>, event: SubscriptionEvent) => unknown
  error: (event: ErrorEvent) => unknown
}

/** Who is told of what happens to clients. */
export class Lifecycle {
  readonly #listeners: { readonly [Name in keyof LifecycleEvents]: Set<LifecycleEvents[Name]> } = {
    connect: new Set(),
    disconnect: new Set(),
    subscribe: new Set(),
    unsubscribe: new Set(),
    error: new Set(),
  }
  readonly #failed: (error: unknown) => void

  /** @param failed - told of a listener that threw or rejected */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Returns how to stop listening. */
  on<Name extends keyof LifecycleEvents>(name: Name, listener: LifecycleEvents[Name]): () => void {
    this.#listeners[name].add(listener)
    return () => this.#listeners[name].delete(listener)
  }

  emit<Name extends keyof LifecycleEvents>(name: Name, ...event: Parameters<LifecycleEvents[Name]>): void {
    for (const listener of this.#listeners[name]) {
      const call = listener as (...event: Parameters<LifecycleEvents[Name]>) => unknown
      try {
        const result = call(...event)
        if (result instanceof Promise) result.catch(this.#failed)
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}
