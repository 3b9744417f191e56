import { type Cancel, FanfareError } from '@fanfare/core/contract'

import { Candidate } from './candidate.ts'
import type { BusSettings } from './options.ts'
import type { Bus, Wire } from './wire.ts'

/** What a connection reports. */
export interface ConnectionHost {
  /** A wire through which we have heard ourselves. */
  connected(wire: Wire): void
  /** The wire is gone, or silent; it is cut already. Another is being made. */
  disconnected(error: unknown): void
  /** An attempt failed; told once for each reason. */
  failed(error: unknown): void
  message(subject: string, text: string): void
}

/**
 * Keeps a wire to the bus, for ever. A wire counts only when a beat of ours has come back through it, and only as long as beats
 * do. While there is none, an attempt begins every half to whole reconnection delay, without waiting for those before it:
 * whichever hears itself first is the wire. An attempt that began while the bus was dead, and whose packets are lost, holds
 * up nothing.
 */
export class Connection {
  readonly #bus: Bus
  readonly #settings: BusSettings
  readonly #host: ConnectionHost
  readonly #name: string
  readonly #candidates = new Set<Candidate>()
  #current: Candidate | undefined
  #attempts = 0
  #nextAttempt: Cancel | undefined
  #nextBeat: Cancel | undefined
  #closed = false
  #lastReason = ''

  /** @param name - of this driver among all on the bus; its beats carry it */
  constructor(bus: Bus, settings: BusSettings, name: string, host: ConnectionHost) {
    this.#bus = bus
    this.#settings = settings
    this.#name = name
    this.#host = host
  }

  get wire(): Wire | undefined {
    return this.#current?.wire
  }

  /** How many wires there were. */
  connects = 0

  start(): void {
    this.#attempt()
  }

  /** Gives up this wire: something went wrong on it. Nothing happens when it is another one by now. */
  giveUp(wire: Wire, error: unknown): void {
    if (this.#current?.wire === wire) this.#lost(error)
  }

  /** Lets what was published get out, then disconnects. */
  async close(): Promise<void> {
    this.#closed = true
    this.#nextAttempt?.()
    this.#nextBeat?.()
    for (const candidate of this.#candidates) candidate.end()
    this.#candidates.clear()
    const last = this.#current
    this.#current = undefined
    await last?.close()
  }

  #attempt(): void {
    const { scheduler } = this.#settings.platform
    const candidate = new Candidate(this.#bus, this.#settings, `${this.#name}-${String(++this.#attempts)}`, {
      proved: () => this.#won(candidate),
      ended: (error) => this.#ended(candidate, error),
      message: (subject, text) => {
        if (candidate === this.#current) this.#host.message(subject, text)
      },
    })
    this.#candidates.add(candidate)
    const longest = this.#settings.reconnectDelayMs
    this.#nextAttempt = scheduler.after(this.#spread(longest / 2, longest), () => this.#attempt())
    candidate.begin()
  }

  /** A time at random: nodes that lost the same server do not all come back at once. */
  #spread(least: number, most: number): number {
    const [high = 0, low = 0] = this.#settings.platform.randomBytes(2)
    return least + ((most - least) * (high * 256 + low)) / 65_536
  }

  #won(candidate: Candidate): void {
    this.#nextAttempt?.()
    this.#candidates.delete(candidate)
    for (const other of this.#candidates) other.end()
    this.#candidates.clear()
    this.#current = candidate
    this.#lastReason = ''
    this.connects++
    this.#watch(candidate)
    if (candidate.wire) this.#host.connected(candidate.wire)
  }

  #ended(candidate: Candidate, error: unknown): void {
    if (candidate === this.#current) this.#lost(error)
    else if (this.#candidates.delete(candidate)) this.#complain(error)
  }

  #lost(error: unknown): void {
    const lost = this.#current
    this.#current = undefined
    this.#nextBeat?.()
    lost?.end()
    if (this.#closed) return
    const { scheduler } = this.#settings.platform
    this.#nextAttempt = scheduler.after(this.#spread(0, this.#settings.reconnectDelayMs / 2), () =>
      this.#attempt(),
    )
    this.#host.disconnected(error)
  }

  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (reason === this.#lastReason) return
    this.#lastReason = reason
    this.#host.failed(error)
  }

  #watch(candidate: Candidate): void {
    const { wheel, beat } = this.#settings
    const tick = (): void => {
      this.#nextBeat = wheel.after(beat.intervalMs, tick)
      if (candidate.silentMs > beat.silentMs) {
        this.#lost(new FanfareError('silent', `no beat came back for ${String(beat.silentMs)} ms`))
        return
      }
      candidate.beat()
    }
    this.#nextBeat = wheel.after(beat.intervalMs, tick)
  }
}
