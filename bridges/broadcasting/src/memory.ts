import { FanfareError, hostPlatform, knownOptions, type Platform, wholeFrom } from '@fanfare/core/contract'

import type { Driver, DriverStatus, Event, Handler, Logger, SubscribeOptions, Subscription } from './event.ts'
import { assertBusName, assertEvent } from './event-fault.ts'
import { checkedLogger } from './logger.ts'
import { takenEvent } from './taken-event.ts'
import { Mailbox, type MailboxHost } from './mailbox.ts'

/** How a memory driver is made. */
export interface MemoryOptions {
  /** Events that may wait for one handler whose promise is pending; more are dropped. @defaultValue `256` */
  readonly buffer?: number | undefined
  /** Called when a handler fails and when events are dropped. @defaultValue the host's error report */
  readonly logger?: Logger | undefined
  /** Where errors go that nobody listens for. */
  readonly platform?: Pick<Platform, 'reportError'> | undefined
}

/**
 * A bus within this process. Each subscription has a queue of its own; publishing never waits for a handler, and a handler
 * that does not return a promise has run when `publish` returns. All subscribers of a channel get its events in one order.
 *
 * @example
 * ```ts
 * const driver = memory({ buffer: 1_024 })
 * const subscription = await driver.subscribe('orders', (event) => console.log(event.name, event.payload))
 * await driver.publish({ channel: 'orders', name: 'created', payload: '{"id":42}' })
 * await subscription.cancel()
 * ```
 *
 * @throws OptionError when an option is unknown or has a wrong value
 */
export function memory(options: MemoryOptions = {}): Driver {
  return new MemoryDriver(options)
}

class MemoryDriver implements Driver, MailboxHost {
  readonly buffer: number
  readonly logger: Logger
  readonly #mailboxes = new Map<string, Set<Mailbox>>()
  /** What handlers published in the middle of a delivery: every subscriber gets the one event before the other. */
  readonly #waiting: Event[] = []
  #delivering = false
  #dropped = 0
  #closed = false

  constructor(options: MemoryOptions) {
    knownOptions('memory', options, ['buffer', 'logger', 'platform'])
    this.buffer = wholeFrom('buffer', options.buffer ?? 256, 1)
    const platform = { ...hostPlatform(), ...options.platform }
    this.logger = checkedLogger(options.logger, platform)
  }

  async publish(event: Event): Promise<void> {
    this.#assertOpen()
    assertEvent(event)
    this.#waiting.push(takenEvent(event))
    if (this.#delivering) return
    this.#delivering = true
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) this.#deliver(next)
    this.#delivering = false
  }

  async subscribe(channel: string, handler: Handler, options?: SubscribeOptions): Promise<Subscription> {
    this.#assertOpen()
    assertBusName(channel)
    if (options?.signal?.aborted) throw new FanfareError('cancelled', 'the subscription was cancelled')
    const mailbox = new Mailbox(this, channel, handler, options)
    let mailboxes = this.#mailboxes.get(channel)
    if (!mailboxes) this.#mailboxes.set(channel, (mailboxes = new Set()))
    mailboxes.add(mailbox)
    return {
      channel,
      get dropped() {
        return mailbox.dropped
      },
      cancel: async () => this.#cancel(mailbox),
    }
  }

  countDrop(): void {
    this.#dropped++
  }

  dropped(): number {
    return this.#dropped
  }

  status(): DriverStatus {
    return this.#closed ? 'closed' : 'up'
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const mailboxes of this.#mailboxes.values()) for (const mailbox of mailboxes) mailbox.cancel()
    this.#mailboxes.clear()
  }

  #deliver(event: Event): void {
    // A copy: a handler may subscribe or cancel.
    for (const mailbox of [...(this.#mailboxes.get(event.channel) ?? [])]) mailbox.deliver(event)
  }

  #cancel(mailbox: Mailbox): void {
    mailbox.cancel()
    const mailboxes = this.#mailboxes.get(mailbox.channel)
    if (mailboxes?.delete(mailbox) && mailboxes.size === 0) this.#mailboxes.delete(mailbox.channel)
  }

  #assertOpen(): void {
    if (this.#closed) throw new FanfareError('closed', 'the driver is closed')
  }
}
