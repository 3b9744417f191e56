import { RefusedError, type Wire, type WireEvents } from '@fanfare/broadcasting/driver'
import {
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type Status,
  type Subscription,
} from '@nats-io/transport-node'

import { Acknowledgements } from './acknowledgements.ts'
import { watch } from './statuses.ts'

/** A server that does not answer any more is waited for so long when the wire is closed. */
const FAREWELL_MS = 1_000

/** What a connection reports when it is not what it was. */
const ENDS: readonly Status['type'][] = ['disconnect', 'close']

interface Listening {
  readonly subscription: Subscription
  confirmed: boolean
  error?: Error
}

/**
 * Whose the connection is. `shared`: somebody else's; it is left open, and may be reconnected by the library. Otherwise it is
 * ours, and this is how it is cut.
 */
export type Ownership = 'shared' | { readonly cut: () => void }

/** One connection to NATS. */
export class NatsWire implements Wire {
  readonly #connection: NatsConnection
  readonly #events: WireEvents
  readonly #ownership: Ownership
  readonly #acknowledgements: Acknowledgements
  readonly #listening = new Map<string, Listening>()
  readonly #unwatch: () => void
  /** Nothing is reported any more. */
  #over = false
  #cut = false

  /** @param connection - connected */
  constructor(connection: NatsConnection, events: WireEvents, ownership: Ownership) {
    this.#connection = connection
    this.#events = events
    this.#ownership = ownership
    this.#acknowledgements = new Acknowledgements(() => connection.flush())
    this.#unwatch = watch(connection, (status) => this.#heard(status))
    // A connection of ours is closed as soon as it is lost. The promise never rejects; it may resolve to the reason.
    if (ownership !== 'shared') void connection.closed().then((reason) => this.#lost(reason))
  }

  async publish(subject: string, text: string): Promise<void> {
    this.#mustLive()
    const most = this.#connection.info?.max_payload
    const bytes = Buffer.byteLength(text)
    if (most !== undefined && bytes > most) {
      throw new RefusedError(
        `the message has ${String(bytes)} bytes; the NATS server takes ${String(most)} (max_payload)`,
      )
    }
    this.#connection.publish(subject, text)
    await this.#acknowledgements.confirmed(subject)
  }

  async subscribe(subjects: readonly string[]): Promise<void> {
    this.#mustLive()
    for (const subject of subjects) {
      if (!this.#listening.has(subject)) this.#listening.set(subject, this.#listen(subject))
    }
    await this.#acknowledgements.confirmed()
    const errors = subjects.flatMap((subject) => this.#confirm(subject) ?? [])
    if (errors[0]) throw errors[0]
  }

  /** The server has answered. Returns what it had against it. */
  #confirm(subject: string): Error | undefined {
    const listening = this.#listening.get(subject)
    if (!listening?.error) {
      if (listening) listening.confirmed = true
      return undefined
    }
    // Who asks again is not answered with what the server said then; and what it took all the same, it need not keep.
    this.#listening.delete(subject)
    listening.subscription.unsubscribe()
    return listening.error
  }

  async unsubscribe(subjects: readonly string[]): Promise<void> {
    this.#mustLive()
    for (const subject of subjects) {
      this.#listening.get(subject)?.subscription.unsubscribe()
      this.#listening.delete(subject)
    }
    await this.#acknowledgements.confirmed()
  }

  beatSubjects(subject: (n: number) => string): readonly string[] {
    return [subject(0)]
  }

  async close(): Promise<void> {
    if (this.#over) return this.cut()
    // A shared connection has to forget the subscriptions before it is left alone.
    if (this.#ownership === 'shared') this.#leave()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FAREWELL_MS)
    })
    await Promise.race([this.#acknowledgements.confirmed().catch(() => {}), patience])
    clearTimeout(timer)
    this.cut()
  }

  cut(): void {
    if (this.#cut) return
    this.#cut = true
    this.#end(new Error('the connection to NATS was cut'))
    if (this.#ownership === 'shared') this.#leave()
    else this.#ownership.cut()
  }

  #mustLive(): void {
    if (this.#over) throw new Error('the connection to NATS is gone')
  }

  #listen(subject: string): Listening {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) this.#denied(subject, error)
        else this.#message(message)
      },
    })
    return { subscription, confirmed: false }
  }

  #message(message: Msg): void {
    if (this.#over) return
    try {
      this.#events.message(message.subject, message.string())
    } catch (error) {
      // Thrown into the library, it would end its reading without anybody being told.
      this.#lost(error)
    }
  }

  #denied(subject: string, cause: Error): void {
    const error = new RefusedError(`NATS allows no subscription to ${subject}`, { cause })
    const listening = this.#listening.get(subject)
    if (listening?.confirmed) this.#lost(error)
    else if (listening) listening.error = error
  }

  #heard(status: Status): void {
    if (status.type === 'error') this.#refused(status.error)
    else if (this.#ownership === 'shared' && ENDS.includes(status.type)) this.#lost(undefined)
  }

  #refused(error: Error): void {
    if (!(error instanceof PermissionViolationError)) return this.#complained(error)
    // One about a subscription is told to the subscription.
    if (error.operation !== 'publish') return
    const refusal = new RefusedError(`NATS allows no publishing to ${error.subject}`, { cause: error })
    this.#acknowledgements.refuse(error.subject, refusal)
  }

  /**
   * The server said no to something, such as one subscription more than it takes, and did not say to what: to what waits for
   * its answer, else to something that was thought to stand.
   */
  #complained(cause: Error): void {
    const waiting = [...this.#listening.values()].filter(({ confirmed, error }) => !confirmed && !error)
    const error = new RefusedError(`NATS said no: ${cause.message}`, { cause })
    for (const listening of waiting) listening.error = error
    const told = [...this.#listening.values()].some(({ confirmed }) => !confirmed)
    if (!told) this.#lost(error)
  }

  #lost(cause: unknown): void {
    if (this.#over) return
    const error = new Error('the connection to NATS was lost', { cause })
    this.#end(error)
    this.#events.lost(error)
  }

  #end(error: Error): void {
    this.#over = true
    this.#acknowledgements.end(error)
    this.#unwatch()
  }

  /** Also while the connection is down: the library would subscribe anew to what it still has. */
  #leave(): void {
    for (const { subscription } of this.#listening.values()) subscription.unsubscribe()
    this.#listening.clear()
  }
}
