import { type Cancel, FanfareError } from '@fanfare/core/contract'

import type { Event } from '../event.ts'
import { takenEvent } from '../taken-event.ts'
import { Sequence } from './continuity.ts'
import { Courier, type Shipment } from './courier.ts'
import { encodeLetter, type Letter } from './envelope.ts'
import { RefusedError, UnknownOutcomeError } from './errors.ts'
import type { Line } from './line.ts'
import type { BusSettings } from './options.ts'
import type { Wire } from './wire.ts'

/** What became of what was published. */
export interface OutgoingCounters {
  published: number
  refused: number
  unknown: number
}

/** What outgoing needs of its driver. */
export interface OutgoingHost {
  readonly settings: BusSettings
  subject(channel: string): string
  /** The bus carries what is published, back to us too. */
  readonly up: boolean
  line(channel: string): Line | undefined
}

/** Something published, before anybody waits for its outcome. */
interface Posting extends Shipment {
  readonly line: Line | undefined
  /** By the monotonic clock. */
  readonly until: number
}

/**
 * Something published, until it is settled and heard, or its deadline. A class, not a literal with a spread in it: of those
 * each has a hidden class of its own in V8, and thousands wait during an outage.
 */
class Parcel implements Posting {
  readonly sequence: number
  readonly subject: string
  readonly line: Line | undefined
  readonly bytes: number
  readonly until: number
  readonly resolve: () => void
  readonly reject: (error: FanfareError) => void
  text: string | undefined
  settled = false

  constructor(posting: Posting, resolve: () => void, reject: (error: FanfareError) => void) {
    this.sequence = posting.sequence
    this.subject = posting.subject
    this.line = posting.line
    this.bytes = posting.bytes
    this.until = posting.until
    this.text = posting.text
    this.resolve = resolve
    this.reject = reject
  }
}

/**
 * What this process publishes: numbered, bounded in bytes, each with a deadline. While the bus is down it is delivered here
 * at once; what the bus does not bring back in time is delivered here then. So whoever is subscribed in this process gets
 * everything that it publishes, in order, whether or not `publish` succeeds.
 */
export class Outgoing {
  readonly counters: OutgoingCounters = { published: 0, refused: 0, unknown: 0 }
  readonly #host: OutgoingHost
  readonly #origin: string
  readonly #sequence = new Sequence()
  /** By sequence, and so by deadline. */
  readonly #parcels = new Map<number, Parcel>()
  readonly #courier = new Courier<Parcel>((parcel, error) => this.#answered(parcel, error))
  #bytes = 0
  #unsettled = 0
  #timer: Cancel | undefined
  #whenSettled: (() => void)[] = []

  constructor(host: OutgoingHost, origin: string) {
    this.#host = host
    this.#origin = origin
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes
  }

  /** The number of the last letter that was sent. */
  get lastSequence(): number {
    return this.#sequence.last
  }

  /** How many publishes have no outcome yet. */
  get unsettled(): number {
    return this.#unsettled
  }

  /** @throws FanfareError `too-large` */
  publish(event: Event): Promise<void> {
    const { settings } = this.#host
    const { sequence, previous } = this.#sequence.next(event.channel)
    const deadline = settings.platform.clock.now() + settings.queue.deadlineMs
    const letter: Letter = { event, origin: this.#origin, sequence, previous, deadline }
    const text = encodeLetter(letter, settings)
    const bytes = settings.platform.utf8Size(text)
    if (bytes > settings.maxEventBytes) {
      const most = String(settings.maxEventBytes)
      throw new FanfareError('too-large', `an event takes ${String(bytes)} bytes on the bus, ${most} at most`)
    }
    this.#sequence.take(event.channel, sequence)
    const line = this.#host.line(event.channel)
    // It is delivered here later, if the bus does not bring it: what travels was copied by being written.
    const owed = line ? { ...letter, event: takenEvent(event) } : letter
    if (this.#bytes + bytes > settings.queue.bytes) {
      this.counters.refused++
      if (line) this.#owe(line, owed)
      line?.giveUp(sequence)
      throw new RefusedError(`${String(settings.queue.bytes)} bytes wait for the bus already`)
    }
    // Before it is delivered here: what a handler publishes in answer comes after it, on the bus too.
    const subject = line?.subject ?? this.#host.subject(event.channel)
    const until = settings.wheel.now + settings.queue.deadlineMs
    const outcome = this.#hold({ sequence, subject, line, bytes, text, until })
    if (line) this.#owe(line, owed)
    return outcome
  }

  /** Sends what waits. */
  wireReady(wire: Wire): void {
    this.#courier.wireReady(wire)
  }

  /** What was sent and not answered: nobody knows. What waits goes on waiting. */
  wireLost(cause: unknown): void {
    this.#courier.wireLost()
    for (const parcel of this.#parcels.values()) {
      if (parcel.settled || parcel.text !== undefined) continue
      this.#reject(parcel, new UnknownOutcomeError('the connection to the bus was lost', { cause }))
    }
  }

  /** It came back. */
  heard({ sequence }: Letter): void {
    const parcel = this.#parcels.get(sequence)
    if (parcel?.settled) this.#forget(parcel)
  }

  /** Resolves when everything has an outcome. */
  settled(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenSettled.push(resolve))
  }

  close(): void {
    this.#timer?.()
    this.#timer = undefined
    this.#parcels.clear()
    this.#bytes = 0
  }

  /** Those who are here get it from the bus if that works, else now. Who is not yet subscribed there is owed nothing of it. */
  #owe(line: Line, letter: Letter): void {
    if (line.live) line.unheard.set(letter.sequence, letter)
    if (line.live || this.#host.up) return
    // Whoever publishes at the very moment of the loss does not overtake what was under way.
    line.deliverUnheard()
    line.deliver(letter)
  }

  #hold(posting: Posting): Promise<void> {
    return new Promise((resolve, reject) => {
      const parcel = new Parcel(posting, resolve, reject)
      this.#parcels.set(parcel.sequence, parcel)
      this.#bytes += parcel.bytes
      this.#unsettled++
      if (!this.#timer) this.#expireAt(parcel.until)
      this.#courier.add(parcel)
    })
  }

  #answered(parcel: Parcel, error: unknown): void {
    if (parcel.settled) return
    if (error === undefined) {
      this.counters.published++
      this.#settle(parcel)
      parcel.resolve()
    } else if (error instanceof RefusedError) this.#reject(parcel, error)
    else
      this.#reject(parcel, new UnknownOutcomeError('the bus was lost before it answered', { cause: error }))
  }

  #reject(parcel: Parcel, error: RefusedError | UnknownOutcomeError): void {
    if (parcel.settled) return
    this.counters[error instanceof RefusedError ? 'refused' : 'unknown']++
    this.#courier.remove(parcel)
    // Before whoever published hears of it: those who are here have it by then.
    parcel.line?.giveUp(parcel.sequence)
    this.#settle(parcel)
    parcel.reject(error)
  }

  #settle(parcel: Parcel): void {
    parcel.settled = true
    this.#unsettled--
    if (!parcel.line?.unheard.has(parcel.sequence)) this.#forget(parcel)
    if (this.#unsettled === 0) for (const resolve of this.#whenSettled.splice(0)) resolve()
  }

  #forget(parcel: Parcel): void {
    if (this.#parcels.delete(parcel.sequence)) this.#bytes -= parcel.bytes
  }

  #expireAt(until: number): void {
    const { wheel } = this.#host.settings
    this.#timer = wheel.after(until - wheel.now, () => this.#expire())
  }

  #expire(): void {
    this.#timer = undefined
    const { now } = this.#host.settings.wheel
    for (const parcel of this.#parcels.values()) {
      if (parcel.until > now) {
        // A handler may have published meanwhile.
        if (!this.#timer) this.#expireAt(parcel.until)
        return
      }
      if (!parcel.settled) this.#reject(parcel, this.#expired(parcel))
      parcel.line?.giveUp(parcel.sequence)
      this.#forget(parcel)
    }
  }

  #expired({ text }: Parcel): RefusedError | UnknownOutcomeError {
    const within = `within ${String(this.#host.settings.queue.deadlineMs)} ms`
    return text === undefined
      ? new UnknownOutcomeError(`the bus did not answer ${within}`)
      : new RefusedError(`the bus could not be reached ${within}`)
  }
}
