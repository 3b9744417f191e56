import { type Cancel, FanfareError, knownOptions } from '@fanfare/core/contract'

import type { Driver, DriverStatus, Event, Handler, SubscribeOptions, Subscription } from '../event.ts'
import { assertBusName, assertEvent } from '../event-fault.ts'
import { newIncarnation } from '../incarnation.ts'
import { Mailbox, type MailboxHost } from '../mailbox.ts'
import { Connection } from './connection.ts'
import { Incoming, type IncomingCounters } from './incoming.ts'
import { BUS_OPTIONS, type BusOptions, type BusSettings, busSettings } from './options.ts'
import { Outgoing, type OutgoingCounters } from './outgoing.ts'
import { nameOnBus } from './partition.ts'
import type { Bus, Wire } from './wire.ts'

/** What a driver counts, since it was made, and what it holds now. */
export interface BusStats extends Readonly<IncomingCounters>, Readonly<OutgoingCounters> {
  /** Events dropped because the queue of a subscription was full. */
  readonly dropped: number
  /** How often it was connected. */
  readonly connects: number
  /** Channels that it is subscribed to. */
  readonly channels: number
  /** Senders that are remembered, once for each channel on which they were heard; 65,536 at most. */
  readonly origins: number
  /** Publishes without an outcome yet. */
  readonly unsettled: number
  /** Bytes that are held of what was published. */
  readonly queuedBytes: number
}

/**
 * A driver for a bus with a server behind it. It keeps the connection, proves that it still receives, bounds what waits,
 * restores subscriptions and tells of gaps, recognises duplicates, and delivers in this process while the bus is down. What is
 * particular to a kind of bus is its {@link Bus}.
 */
export class BusDriver implements Driver, MailboxHost {
  readonly buffer: number
  readonly logger: BusSettings['logger']
  /** Sixteen hexadecimal digits, drawn at random when the driver is made: names it in its letters. No option sets it. */
  readonly incarnation: string
  /** For the parts of the driver. */
  readonly settings: BusSettings
  readonly #bus: Bus
  readonly #connection: Connection
  readonly #incoming: Incoming
  readonly #outgoing: Outgoing
  readonly #listeners = new Set<(status: DriverStatus) => void>()
  #status: DriverStatus = 'connecting'
  #dropped = 0
  #closing: Promise<void> | undefined

  /**
   * Begins to connect at once.
   *
   * @throws OptionError when an option is unknown or has a wrong value
   */
  constructor(bus: Bus, options: BusOptions = {}) {
    knownOptions(bus.name, options, BUS_OPTIONS)
    this.#bus = bus
    this.settings = busSettings(options)
    this.buffer = this.settings.buffer
    this.logger = this.settings.logger
    const origin = newIncarnation(this.settings.platform)
    this.incarnation = origin
    this.#incoming = new Incoming(this.#incomingHost(), origin)
    this.#outgoing = new Outgoing(this.#outgoingHost(), origin)
    this.#connection = new Connection(bus, this.settings, origin, {
      connected: (wire) => this.#connected(wire),
      disconnected: (error) => this.#disconnected(error),
      failed: (error) => this.#failed(error),
      message: (subject, text) => this.#incoming.receive(subject, text),
    })
    this.#connection.start()
  }

  /** Not async itself: during an outage thousands of these wait, and each layer of promises costs memory. */
  publish(event: Event): Promise<void> {
    try {
      this.#assertOpen()
      assertEvent(event)
      return this.#outgoing.publish(event)
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async subscribe(channel: string, handler: Handler, options?: SubscribeOptions): Promise<Subscription> {
    this.#assertOpen()
    assertBusName(channel)
    const mailbox = new Mailbox(this, channel, handler, options)
    const signal = options?.signal
    const cancel = (): void => this.#incoming.remove(mailbox)
    const assertWanted = (): void => {
      if (signal?.aborted) throw new FanfareError('cancelled', 'the subscription was cancelled')
    }
    assertWanted()
    signal?.addEventListener('abort', cancel)
    try {
      await this.#incoming.add(mailbox)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
    // Called off when it was live already, and the caller not yet told.
    assertWanted()
    return {
      channel,
      get dropped() {
        return mailbox.dropped
      },
      cancel: async () => this.#incoming.remove(mailbox),
    }
  }

  dropped(): number {
    return this.#dropped
  }

  countDrop(): void {
    this.#dropped++
  }

  status(): DriverStatus {
    return this.#status
  }

  onStatus(listener: (status: DriverStatus) => void): Cancel {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What was counted so far, in a new object. */
  stats(): BusStats {
    return {
      ...this.#incoming.counters,
      ...this.#outgoing.counters,
      dropped: this.#dropped,
      connects: this.#connection.connects,
      channels: this.#incoming.size,
      origins: this.#incoming.origins,
      unsettled: this.#outgoing.unsettled,
      queuedBytes: this.#outgoing.bytes,
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#become('closed')
    this.#incoming.close()
    await this.#outgoing.settled()
    this.#outgoing.close()
    await this.#connection.close()
  }

  #incomingHost(): ConstructorParameters<typeof Incoming>[0] {
    return {
      settings: this.settings,
      subject: (channel) => this.#subject(channel),
      lastSequence: () => this.#outgoing.lastSequence,
      heard: (letter) => this.#outgoing.heard(letter),
      giveUp: (wire, error) => this.#connection.giveUp(wire, error),
    }
  }

  #outgoingHost(): ConstructorParameters<typeof Outgoing>[0] {
    const isUp = (): boolean => this.#status === 'up'
    return {
      settings: this.settings,
      subject: (channel) => this.#subject(channel),
      line: (channel) => this.#incoming.line(channel),
      get up() {
        return isUp()
      },
    }
  }

  #subject(channel: string): string {
    return this.#bus.subject(nameOnBus(this.settings.prefix, channel))
  }

  #connected(wire: Wire): void {
    this.#outgoing.wireReady(wire)
    this.#incoming.restore(wire).then(
      () => {
        if (this.#connection.wire !== wire || this.#closing) return
        if (this.#connection.connects > 1) this.logger('the bus is back', {})
        this.#become('up')
      },
      (error: unknown) => this.#connection.giveUp(wire, error),
    )
  }

  #disconnected(error: unknown): void {
    if (!this.#closing) {
      this.#become('degraded')
      this.logger('the bus is lost', { error })
    }
    this.#incoming.wireLost()
    this.#outgoing.wireLost(error)
  }

  #failed(error: unknown): void {
    if (this.#closing) return
    this.#become('degraded')
    this.logger('the bus cannot be reached', { error })
  }

  #become(status: DriverStatus): void {
    if (this.#status === status) return
    this.#status = status
    for (const listener of [...this.#listeners]) {
      try {
        listener(status)
      } catch (error) {
        this.logger('a status listener failed', { error })
      }
    }
  }

  #assertOpen(): void {
    // A status listener that hears of the closing publishes nothing either.
    if (this.#status === 'closed') throw new FanfareError('closed', 'the driver is closed')
  }
}
