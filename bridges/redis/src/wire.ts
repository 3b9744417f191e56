import { RefusedError, type Wire, type WireEvents } from '@fanfare/broadcasting/driver'

import type { Pool } from './pool.ts'
import { cleaned, isForbidden, isMovedAway, isReply } from './reply.ts'
import { watchPrimaries } from './role.ts'
import type { Batch, Side } from './side.ts'

/** How long `close` waits for answers. */
const CLOSE_MS = 1_000

/** What a wire consists of. */
export interface WireParts {
  /** Holds the connections of both sides. */
  readonly pool: Pool
  readonly publishers: Side
  readonly subscribers: Side
  /** Whether `SPUBLISH` and `SSUBSCRIBE` are used. */
  readonly sharded: boolean
  readonly events: WireEvents
}

/** A wire of connections to Redis: to one server, or to every primary of a cluster. */
export class RedisWire implements Wire {
  readonly #parts: WireParts
  readonly #unwatch: () => void
  #over = false

  constructor(parts: WireParts) {
    this.#parts = parts
    const { events, sharded } = parts
    for (const connection of parts.subscribers.connections) {
      connection.on(sharded ? 'smessage' : 'message', (subject: string, text: string) => {
        if (!this.#over) events.message(subject, text)
      })
      connection.on('moved', () => this.lose(new Error('a slot was moved to another node')))
    }
    this.#unwatch = watchPrimaries(parts.publishers, (error) => this.lose(error))
  }

  async publish(subject: string, text: string): Promise<void> {
    const { publishers, sharded } = this.#parts
    const connection = publishers.of(subject)
    await this.#taken(sharded ? connection.spublish(subject, text) : connection.publish(subject, text))
  }

  async subscribe(subjects: readonly string[]): Promise<void> {
    const { sharded } = this.#parts
    await this.#each(subjects, (batch) =>
      sharded
        ? batch.connection.ssubscribe(...batch.subjects)
        : batch.connection.subscribe(...batch.subjects),
    )
  }

  async unsubscribe(subjects: readonly string[]): Promise<void> {
    const { sharded } = this.#parts
    await this.#each(subjects, (batch) =>
      sharded
        ? batch.connection.sunsubscribe(...batch.subjects)
        : batch.connection.unsubscribe(...batch.subjects),
    )
  }

  beatSubjects(subject: (n: number) => string): readonly string[] {
    const { publishers, subscribers } = this.#parts
    return [...new Set([...subscribers.beatSubjects(subject), ...publishers.beatSubjects(subject)])]
  }

  async close(): Promise<void> {
    // Answers come in the order of the commands.
    const answers = this.#parts.publishers.connections.map((connection) => connection.ping())
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))
    await Promise.race([Promise.allSettled(answers), patience])
    clearTimeout(timer)
    this.cut()
  }

  cut(): void {
    this.#over = true
    this.#unwatch()
    this.#parts.pool.cut()
  }

  /** Reports, once, that the wire is of no more use. */
  lose(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#unwatch()
    this.#parts.events.lost(error)
    this.#parts.pool.cut()
  }

  async #each(subjects: readonly string[], send: (batch: Batch) => Promise<unknown>): Promise<void> {
    try {
      await Promise.all(this.#parts.subscribers.batches(subjects).map(send))
    } catch (error) {
      this.#noticeMove(error)
      throw isForbidden(error) ? refused(error) : cleaned(error)
    }
  }

  async #taken(answer: Promise<unknown>): Promise<void> {
    try {
      await answer
    } catch (error) {
      this.#noticeMove(error)
      throw isReply(error) ? refused(error) : cleaned(error)
    }
  }

  /** Whoever waits for the answer learns of it first. */
  #noticeMove(error: unknown): void {
    if (isMovedAway(error)) setImmediate(() => this.lose(cleaned(error)))
  }
}

function refused({ message }: Error): RefusedError {
  return new RefusedError(`Redis said no: ${message}`)
}
