import type { Cancel } from '@fanfare/core/contract'

import type { ClientPlatform } from './platform.ts'

/** A timer this much too late means that the program stood still, in milliseconds. */
const LATE_MS = 1_000
/** How often in a row a late timer is no evidence. */
const MAX_LATE = 2

/** When neither side names another interval, in milliseconds. */
const PING_MS = 25_000
const MIN_PING_MS = 1_000
const MAX_PING_MS = 300_000

/** How often to ask, by what the server says of itself: 0 when it says nothing. */
export function advisedMs(seconds: number): number {
  return seconds > 0 ? Math.min(Math.max(seconds * 1_000, MIN_PING_MS), MAX_PING_MS) : PING_MS
}

/** What a heartbeat works with. */
export interface HeartbeatOptions {
  /** After so much silence it asks for a sign of life, in milliseconds; 0: never. */
  readonly intervalMs: number
  /** How long the sign of life may take, in milliseconds. */
  readonly timeoutMs: number
  ping(): void
  dead(): void
}

/**
 * Finds a connection that died without a word. Any message is a sign of life.
 *
 * Browsers delay the timers of background tabs by minutes, and a laptop may sleep for hours. So a timer alone proves
 * nothing: a connection is dead when a ping goes unanswered while the program was awake to hear the answer. A timer that
 * comes late is answered with another ping.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #platform: ClientPlatform
  #heardAt: number
  #asked = false
  #late = 0
  #cancel: Cancel | undefined

  constructor(options: HeartbeatOptions, platform: ClientPlatform) {
    this.#options = options
    this.#platform = platform
    this.#heardAt = this.#now()
    if (options.intervalMs > 0) this.#rest(options.intervalMs)
  }

  /** A message came. */
  heard(): void {
    this.#heardAt = this.#now()
    this.#asked = false
    this.#late = 0
  }

  /** Asks for a sign of life now: something happened that connections often do not survive. */
  probe(): void {
    if (this.#options.intervalMs > 0 && !this.#asked) this.#ask()
  }

  stop(): void {
    this.#cancel?.()
  }

  #now(): number {
    return this.#platform.clock.monotonic()
  }

  #arm(ms: number, then: () => void): void {
    this.#cancel?.()
    this.#cancel = this.#platform.scheduler.after(ms, then)
  }

  #rest(ms: number): void {
    this.#arm(ms, () => {
      const left = this.#options.intervalMs - (this.#now() - this.#heardAt)
      if (left > 0) this.#rest(left)
      else this.#ask()
    })
  }

  #ask(): void {
    const { timeoutMs, intervalMs } = this.#options
    const askedAt = this.#now()
    this.#asked = true
    this.#options.ping()
    this.#arm(timeoutMs, () => {
      if (!this.#asked) this.#rest(Math.max(0, intervalMs - (this.#now() - this.#heardAt)))
      else if (this.#now() - askedAt > timeoutMs + LATE_MS && this.#late++ < MAX_LATE) this.#ask()
      else this.#options.dead()
    })
  }
}
