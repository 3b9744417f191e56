import type { Platform } from '../ground/platform.ts'
import type { Client, Listener, Receiver } from './client.ts'
import type { Counters } from './counters.ts'
import type { ErrorEvent } from './events.ts'

/** What inbound messages need of their hub. */
export interface InboundHost {
  readonly platform: Platform
  readonly counters: Counters
  report(event: ErrorEvent): void
}

/** How much is kept of what a client says before anybody serves it. What comes beyond is counted as unread. */
const KEPT_MESSAGES = 64
const KEPT_BYTES = 65_536

/** What comes in from one client, on its way to whoever serves it. */
export class Inbound {
  readonly #client: Client
  readonly #hub: InboundHost
  #listener: Listener | undefined
  #kept: (string | Uint8Array)[] | undefined
  #keptBytes = 0
  #gone: (() => void)[] | undefined

  constructor(client: Client, hub: InboundHost) {
    this.#client = client
    this.#hub = hub
  }

  receive(data: string | Uint8Array): void {
    if (this.#listener) this.#call(this.#listener, data)
    else this.#keep(data)
  }

  /** Hands on each message, first those that came already. */
  listen(listener: Listener): void {
    this.#listener = listener
    const kept = this.#kept
    if (!kept) return
    this.#kept = undefined
    for (const data of kept) this.#call(listener, data)
  }

  /** The same for a function. Resolves when the client is gone. */
  async serve(receiver: Receiver): Promise<void> {
    this.listen({ receive: (data) => receiver(this.#client, data) })
    if (!this.#client.connected) return
    await new Promise<void>((resolve) => (this.#gone ??= []).push(resolve))
  }

  /** Nothing comes any more: whoever serves the client may return. */
  end(): void {
    this.#hub.counters.unread += this.#kept?.length ?? 0
    this.#kept = undefined
    this.#listener = undefined
    for (const resolve of this.#gone ?? []) resolve()
    this.#gone = undefined
  }

  #keep(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? this.#hub.platform.utf8Size(data) : data.byteLength
    const kept = (this.#kept ??= [])
    if (kept.length >= KEPT_MESSAGES || this.#keptBytes + bytes > KEPT_BYTES) {
      this.#hub.counters.unread++
      return
    }
    kept.push(data)
    this.#keptBytes += bytes
  }

  #call(listener: Listener, data: string | Uint8Array): void {
    if (!this.#client.connected) return
    try {
      const result = listener.receive(data)
      if (result instanceof Promise) result.catch((error: unknown) => this.#failed(error))
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#hub.report({ error, where: 'handler', client: this.#client })
  }
}
