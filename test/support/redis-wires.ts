import type { DialAttempt, Wire } from '@fanfare/broadcasting/driver'
import type { RedisOptions } from '@fanfare/redis'

import { redisBus } from '../../bridges/redis/src/bus.ts'
import { redisSettings } from '../../bridges/redis/src/options.ts'

/** A wire, and what it reported. */
export interface Dialled {
  readonly wire: Wire
  readonly messages: [subject: string, text: string][]
  readonly losses: unknown[]
}

/** Attempts that are given up by calling `abandon`. */
export class Attempt implements DialAttempt {
  readonly timeoutMs = 5_000
  #callback: (() => void) | undefined

  onAbandoned(callback: () => void): void {
    this.#callback = callback
  }

  abandon(): void {
    this.#callback?.()
  }
}

/** Dials as a driver does, and remembers the wires, so that they can be cut when a test is over. */
export class Wires {
  readonly #wires: Wire[] = []

  dial(options: RedisOptions, attempt: DialAttempt = new Attempt()): Promise<Dialled> {
    return this.dialler(options)(attempt)
  }

  /** For several dials of one driver. */
  dialler(options: RedisOptions): (attempt?: DialAttempt) => Promise<Dialled> {
    const bus = redisBus(redisSettings(options))
    return async (attempt = new Attempt()) => {
      const messages: [string, string][] = []
      const losses: unknown[] = []
      const wire = await bus.dial(
        {
          message: (subject, text) => messages.push([subject, text]),
          lost: (error) => losses.push(error),
        },
        attempt,
      )
      this.#wires.push(wire)
      return { wire, messages, losses }
    }
  }

  cut(): void {
    for (const wire of this.#wires.splice(0)) wire.cut()
  }
}
