import { FanfareError } from '@fanfare/core/contract'

import type { Mailbox } from '../mailbox.ts'
import { Memory } from './continuity.ts'
import type { Letter } from './envelope.ts'
import { RefusedError } from './errors.ts'
import { Line, type LineCounters, type LineShared } from './line.ts'
import type { BusSettings } from './options.ts'
import { Reader, type ReaderCounters } from './reader.ts'
import type { Wire } from './wire.ts'

/** What was received and not delivered, by reason. */
export interface IncomingCounters extends LineCounters, ReaderCounters {
  received: number
}

/** What incoming needs of its driver. */
export interface IncomingHost {
  readonly settings: BusSettings
  subject(channel: string): string
  /** The number of the last letter that we sent. */
  lastSequence(): number
  /** Something that we sent came back. */
  heard(letter: Letter): void
  /** The wire is no good. */
  giveUp(wire: Wire, error: unknown): void
}

/** The channels that this process is subscribed to, and what comes on them. */
export class Incoming {
  readonly #host: IncomingHost
  readonly #origin: string
  readonly #reader: Reader
  readonly #shared: LineShared
  readonly #lines = new Map<string, Line>()
  readonly #bySubject = new Map<string, Line>()
  #wire: Wire | undefined
  /** To be told to the bus at the end of this turn: all in one. */
  readonly #toOpen = new Set<Line>()
  readonly #toClose = new Set<string>()
  #telling = false
  #received = 0

  constructor(host: IncomingHost, origin: string) {
    this.#host = host
    this.#origin = origin
    this.#reader = new Reader(host.settings)
    this.#shared = {
      settings: host.settings,
      counters: { stale: 0, gaps: 0 },
      memory: new Memory(),
      origin,
      implausible: (channel) => this.#reader.complain('implausible', channel),
    }
  }

  /** What was counted so far. */
  get counters(): Readonly<IncomingCounters> {
    return { received: this.#received, ...this.#shared.counters, ...this.#reader.counters }
  }

  get size(): number {
    return this.#lines.size
  }

  /** How many senders are remembered. */
  get origins(): number {
    return this.#shared.memory.held
  }

  line(channel: string): Line | undefined {
    return this.#lines.get(channel)
  }

  /** Resolves when nothing published from then on is missed. */
  async add(mailbox: Mailbox): Promise<void> {
    const { channel } = mailbox
    let line = this.#lines.get(channel)
    if (!line) {
      line = new Line(channel, this.#host.subject(channel), this.#shared)
      this.#lines.set(channel, line)
      this.#bySubject.set(line.subject, line)
      this.#toClose.delete(line.subject)
      this.#toOpen.add(line)
      this.#tellSoon()
    }
    await line.join(mailbox)
  }

  remove(mailbox: Mailbox): void {
    mailbox.cancel()
    const line = this.#lines.get(mailbox.channel)
    const cancelled = new FanfareError('cancelled', 'the subscription was cancelled')
    if (!line?.mailboxes.has(mailbox) || line.leave(mailbox, cancelled)) return
    this.#drop(line, cancelled)
    this.#toClose.add(line.subject)
    this.#tellSoon()
  }

  /** Everything is subscribed to on a new wire. Rejects when that fails. */
  async restore(wire: Wire): Promise<void> {
    this.#wire = wire
    this.#toClose.clear()
    this.#toOpen.clear()
    await this.#open(wire, [...this.#lines.values()])
  }

  /** There is no wire: what we sent and did not hear is delivered here, and everything that others send is missed. */
  wireLost(): void {
    this.#wire = undefined
    for (const line of this.#lines.values()) {
      line.goDead()
      line.deliverUnheard()
    }
  }

  /** Never throws, whatever comes. */
  receive(subject: string, text: string): void {
    const line = this.#bySubject.get(subject)
    if (!line) return
    this.#received++
    const letter = this.#reader.read(line.channel, text)
    if ('lost' in letter) {
      if (letter.lost) line.loseUnread()
      return
    }
    const ours = letter.origin === this.#origin
    if (ours && letter.sequence > this.#host.lastSequence()) {
      // Nobody else has our incarnation: nothing of ours is missing.
      this.#reader.complain('implausible', line.channel)
      return
    }
    // Also while the confirmation is still to be handled: what comes now comes after the gap, if there was one. That alone does
    // not make a line live: it may stem from a subscription that is being cancelled, before the one that is being made.
    line.resume()
    if (ours) this.#receiveOurs(line, letter)
    else if (this.#isLate(letter)) {
      this.#reader.complain('late', line.channel)
      line.discard(letter)
    } else line.deliver(letter)
  }

  close(): void {
    for (const line of [...this.#lines.values()]) {
      for (const mailbox of line.mailboxes) mailbox.cancel()
      this.#drop(line, new FanfareError('closed', 'the driver is closed'))
    }
  }

  /** What is delivered is what we sent, as long as we have it, and not what somebody else made of it. */
  #receiveOurs(line: Line, letter: Letter): void {
    const sent = line.unheard.get(letter.sequence) ?? letter
    line.unheard.delete(letter.sequence)
    line.passOver(letter.sequence)
    this.#host.heard(letter)
    line.deliver(sent)
  }

  #isLate({ deadline }: Letter): boolean {
    const { platform, clockSkewMs } = this.#host.settings
    return platform.clock.now() > deadline + clockSkewMs
  }

  #drop(line: Line, error: unknown): void {
    this.#lines.delete(line.channel)
    this.#bySubject.delete(line.subject)
    this.#toOpen.delete(line)
    line.fail(error)
    line.end()
  }

  #tellSoon(): void {
    if (this.#telling) return
    this.#telling = true
    this.#host.settings.platform.scheduler.turn(() => {
      this.#telling = false
      if (this.#wire) this.#tell(this.#wire)
    })
  }

  #tell(wire: Wire): void {
    const closing = [...this.#toClose]
    const opening = [...this.#toOpen]
    this.#toClose.clear()
    this.#toOpen.clear()
    const giveUp = (error: unknown): void => this.#host.giveUp(wire, error)
    if (closing.length > 0) wire.unsubscribe(closing).catch(giveUp)
    if (opening.length > 0) this.#open(wire, opening).catch(giveUp)
  }

  async #open(wire: Wire, lines: readonly Line[]): Promise<void> {
    if (lines.length === 0) return
    try {
      await wire.subscribe(lines.map(({ subject }) => subject))
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      await this.#openHalves(wire, lines, error)
      return
    }
    if (wire !== this.#wire) return
    for (const line of lines) if (this.#lines.get(line.channel) === line) line.becomeLive()
  }

  /** The server said no to one of them, or more: only those are not subscribed to. Halved, so that thousands beside it wait little. */
  async #openHalves(wire: Wire, lines: readonly Line[], error: RefusedError): Promise<void> {
    const [only] = lines
    if (only && lines.length === 1) {
      this.#host.settings.logger('the bus refused a subscription', { channel: only.channel, error })
      if (this.#lines.get(only.channel) !== only) return
      // Whoever was subscribed before the wire was lost gets nothing any more: told, since nothing else says so.
      only.tellMissed()
      this.#drop(only, error)
      return
    }
    const middle = Math.ceil(lines.length / 2)
    for (const half of [lines.slice(0, middle), lines.slice(middle)]) {
      if (wire !== this.#wire) return
      // One that was left meanwhile was told to the bus as closed already.
      const wanted = half.filter((line) => this.#lines.get(line.channel) === line)
      await this.#open(wire, wanted)
    }
  }
}
