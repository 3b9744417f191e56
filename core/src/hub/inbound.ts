import type { Budgets, Holder } from '../ground/budget.ts'
import type { Platform } from '../ground/platform.ts'
import { taken } from '../ground/bytes.ts'
import type { Client, Listener } from './client.ts'
import type { Counters } from './counters.ts'
import type { ErrorEvent } from './events.ts'

/** What inbound messages need of their hub. */
export interface InboundHost {
  readonly platform: Platform
  readonly counters: Counters
  readonly budgets: Budgets
  report(event: ErrorEvent): void
}

/** How much is kept of what a client says before anybody serves it. What comes beyond is counted as unread. */
const KEPT_MESSAGES = 64
const KEPT_BYTES = 65_536

/** What came in from one client before anybody served it, and who waits for its end. Most clients have nothing of it. */
export class Inbound implements Holder {
  heldBytes = 0
  readonly #hub: InboundHost
  readonly #close: () => void
  #kept: (string | Uint8Array)[] = []
  #keptBytes = 0
  #gone: (() => void)[] = []

  /** @param close - closes the client: too much is kept of all */
  constructor(hub: InboundHost, close: () => void) {
    this.#hub = hub
    this.#close = close
  }

  evict(): void {
    this.#close()
  }

  keep(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? this.#hub.platform.utf8Size(data) : data.byteLength
    if (this.#kept.length >= KEPT_MESSAGES || this.#keptBytes + bytes > KEPT_BYTES) {
      this.#hub.counters.unread++
      return
    }
    this.#kept.push(taken(data))
    this.#keptBytes += bytes
    this.#hub.budgets.inbound.hold(this, this.#keptBytes)
  }

  /** Takes out what was kept. */
  take(): readonly (string | Uint8Array)[] {
    const kept = this.#kept
    this.#kept = []
    this.#hub.budgets.inbound.hold(this, 0)
    return kept
  }

  /** Resolves when the client is gone. */
  gone(): Promise<void> {
    return new Promise((resolve) => this.#gone.push(resolve))
  }

  /** Nothing comes any more. */
  end(): void {
    this.#hub.counters.unread += this.take().length
    for (const resolve of this.#gone) resolve()
  }
}

/** Hands a message of the client to whoever serves it. */
export function handOver(
  hub: InboundHost,
  client: Client,
  listener: Listener,
  data: string | Uint8Array,
): void {
  try {
    const result = listener.receive(data)
    if (result instanceof Promise) result.catch((error: unknown) => failed(hub, client, error))
  } catch (error) {
    failed(hub, client, error)
  }
}

function failed(hub: InboundHost, client: Client, error: unknown): void {
  hub.report({ error, where: 'handler', client })
}
