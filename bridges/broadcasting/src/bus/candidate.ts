import { type Cancel, FanfareError } from '@fanfare/core/contract'

import { newIncarnation } from '../incarnation.ts'
import type { BusSettings } from './options.ts'
import type { Bus, Wire } from './wire.ts'

/** So many beats may be under way. */
const BEATS = 16

/** What a candidate reports. */
export interface CandidateHost {
  /** We heard ourselves through it: it sends and it receives. */
  proved(): void
  /** It came to nothing, or is gone. Reported once, and not after `end`. */
  ended(error: unknown): void
  message(subject: string, text: string): void
}

/** One attempt to have a wire, and the wire when it succeeds. */
export class Candidate {
  wire: Wire | undefined
  readonly #bus: Bus
  readonly #settings: BusSettings
  readonly #name: string
  readonly #host: CandidateHost
  /** When a beat came last, per subject. */
  readonly #heard = new Map<string, number>()
  /** What the last beats said, which nobody else can know before the bus does. */
  readonly #beats: string[] = []
  readonly #abandon: (() => void)[] = []
  #proved = false
  #over = false
  #timeout: Cancel | undefined

  constructor(bus: Bus, settings: BusSettings, name: string, host: CandidateHost) {
    this.#bus = bus
    this.#settings = settings
    this.#name = name
    this.#host = host
  }

  begin(): void {
    const timeoutMs = this.#settings.connectTimeoutMs
    this.#timeout = this.#settings.wheel.after(timeoutMs, () => {
      this.#fail(new FanfareError('timeout', `not connected within ${String(timeoutMs)} ms`))
    })
    this.#connect().catch((error: unknown) => this.#fail(error))
  }

  /** How long no beat has come, on the subject that is worst off, in milliseconds. */
  get silentMs(): number {
    const now = this.#now()
    return Math.max(...[...this.#heard.values()].map((at) => now - at))
  }

  beat(): void {
    const text = newIncarnation(this.#settings.platform)
    this.#beats.push(text)
    if (this.#beats.length > BEATS) this.#beats.shift()
    for (const subject of this.#heard.keys()) {
      // A server that refuses beats is as silent as one that has none.
      this.wire?.publish(subject, text).catch(() => {})
    }
  }

  /** Cuts it, whatever it is doing. Nothing is reported after that. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#timeout?.()
    for (const callback of this.#abandon) callback()
    this.wire?.cut()
  }

  /** Lets what was published get out first. */
  async close(): Promise<void> {
    this.#over = true
    await this.wire?.close()
  }

  async #connect(): Promise<void> {
    const wire = await this.#bus.dial(
      { message: (subject, text) => this.#message(subject, text), lost: (error) => this.#fail(error) },
      {
        timeoutMs: this.#settings.connectTimeoutMs,
        onAbandoned: (callback) => {
          if (this.#over) callback()
          else this.#abandon.push(callback)
        },
      },
    )
    this.wire = wire
    if (this.#over) {
      wire.cut()
      return
    }
    const subjects = wire.beatSubjects((n) =>
      this.#bus.subject(`${this.#settings.prefix}:b:${this.#name}-${String(n)}`),
    )
    await wire.subscribe(subjects)
    for (const subject of subjects) this.#heard.set(subject, -Infinity)
    if (!this.#over) this.beat()
  }

  #message(subject: string, text: string): void {
    if (this.#over) return
    if (!this.#heard.has(subject)) {
      this.#host.message(subject, text)
      return
    }
    if (!this.#beats.includes(text)) return
    this.#heard.set(subject, this.#now())
    if (this.#proved || this.silentMs === Infinity) return
    this.#proved = true
    this.#timeout?.()
    this.#host.proved()
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.end()
    this.#host.ended(error)
  }

  #now(): number {
    return this.#settings.wheel.now
  }
}
