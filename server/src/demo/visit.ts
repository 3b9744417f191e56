import type { Client } from '@fanfare/core'

import type { Guest } from './guest.ts'
import { Pace } from './pace.ts'

/** More rooms than a client can be in at once: when it has entered so many, those that it left are forgotten. */
const MOST_ROOMS = 256

/** What the demo remembers of a client; forgotten with the client. */
export class Visit {
  /** How fast it may talk. */
  readonly pace: Pace
  readonly #client: Pick<Client, 'subscribedTo'>
  /** By channel: a client may have another name in each room. */
  readonly #guests = new Map<string, Guest>()

  /** @param now - milliseconds of a clock that never goes back */
  constructor(client: Pick<Client, 'subscribedTo'>, now: number) {
    this.#client = client
    this.pace = new Pace(now)
  }

  /** How many rooms it is remembered in. */
  get size(): number {
    return this.#guests.size
  }

  /** It enters a room, as this guest. */
  enter(channel: string, guest: Guest): void {
    this.#guests.set(channel, guest)
    if (this.#guests.size <= MOST_ROOMS) return
    for (const other of this.#guests.keys()) {
      if (other !== channel && !this.#client.subscribedTo(other)) this.#guests.delete(other)
    }
  }

  /** Who it is in a room; `undefined` where it never was. */
  guestIn(channel: string): Guest | undefined {
    return this.#guests.get(channel)
  }
}
