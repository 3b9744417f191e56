import {
  type ChannelNames,
  type Contract,
  type EventNames,
  type EventOutput,
  FanfareError,
} from '@fanfare/core/contract'

import { Broadcaster, type BroadcasterOptions } from '../broadcaster.ts'
import type { Driver, DriverStatus, Event, Subscription } from '../event.ts'

/** One event as it was published: one for each channel of a broadcast. */
export interface RecordedEvent {
  /** The full name, prefix included. */
  readonly channel: string
  readonly name: string
  /** The data as clients get it: printed as JSON and parsed again. */
  readonly data: unknown
  /** Ids of the clients that were left out. */
  readonly except: readonly string[]
}

/** A driver that keeps what is published, and delivers it to nobody. */
class Recorder implements Driver {
  readonly #events: RecordedEvent[] = []
  #error: Error | undefined

  get events(): readonly RecordedEvent[] {
    return [...this.#events]
  }

  publish({ channel, name = '', payload, except = [] }: Event): Promise<void> {
    if (this.#error) return Promise.reject(this.#error)
    // A broadcaster publishes nothing but JSON.
    const data: unknown = JSON.parse(String(payload))
    this.#events.push({ channel, name, data, except })
    return Promise.resolve()
  }

  failWith(error: Error | undefined): void {
    this.#error = error
  }

  clear(): void {
    this.#events.length = 0
    this.#error = undefined
  }

  subscribe(): Promise<Subscription> {
    return Promise.reject(new FanfareError('closed', 'nobody can subscribe to a fake broadcaster'))
  }

  dropped(): number {
    return 0
  }

  status(): DriverStatus {
    return 'up'
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/**
 * A broadcaster for tests: it sends nothing, and knows what it would have sent. Channels are asserted by their full
 * names, prefixes included. A failed assertion throws an Error that lists what was broadcast.
 */
export class FakeBroadcaster<C extends Contract = Contract> extends Broadcaster<C> {
  readonly #recorder: Recorder

  /** @throws OptionError when an option is unknown or has a wrong value */
  constructor(options: BroadcasterOptions<C> = {}) {
    const recorder = new Recorder()
    super(recorder, options)
    this.#recorder = recorder
  }

  /** What was published so far, in order, in a new list. */
  get events(): readonly RecordedEvent[] {
    return this.#recorder.events
  }

  /**
   * Passes when there was at least one such event: on the channel, of the name if one is given, with data for which
   * `predicate` is true if there is one.
   *
   * @throws Error otherwise
   */
  assertBroadcast<Channel extends ChannelNames<C>, Name extends EventNames<C, Channel>>(
    channel: Channel,
    name?: Name,
    predicate?: (data: EventOutput<C, Channel, Name>, event: RecordedEvent) => boolean,
  ): void {
    if (this.#matching(channel, name, predicate).length === 0) {
      this.#fail(`expected a broadcast of ${described(channel, name, predicate)}, there was none`)
    }
  }

  /** Passes when there was no event that {@link assertBroadcast} would accept. @throws Error otherwise */
  assertNotBroadcast<Channel extends ChannelNames<C>, Name extends EventNames<C, Channel>>(
    channel: Channel,
    name?: Name,
    predicate?: (data: EventOutput<C, Channel, Name>, event: RecordedEvent) => boolean,
  ): void {
    const { length } = this.#matching(channel, name, predicate)
    if (length > 0) {
      this.#fail(
        `expected no broadcast of ${described(channel, name, predicate)}, there were ${String(length)}`,
      )
    }
  }

  /** Passes when nothing was broadcast at all. @throws Error otherwise */
  assertNothingBroadcast(): void {
    const { length } = this.#recorder.events
    if (length > 0) this.#fail(`expected no broadcast at all, there were ${String(length)}`)
  }

  /** Passes when the event was published to the channel exactly so many times. @throws Error otherwise */
  assertBroadcastTimes<Channel extends ChannelNames<C>>(
    channel: Channel,
    name: EventNames<C, Channel>,
    times: number,
  ): void {
    const { length } = this.#matching(channel, name, undefined)
    if (length !== times) {
      const wanted = `${String(times)} broadcasts of ${described(channel, name, undefined)}`
      this.#fail(`expected ${wanted}, there were ${String(length)}`)
    }
  }

  /** Forgets what was published, and the error given to `failWith`. */
  clear(): void {
    this.#recorder.clear()
  }

  /** Has every publish reject with this error from now on, unrecorded; `undefined` ends that. */
  failWith(error: Error | undefined): void {
    this.#recorder.failWith(error)
  }

  #matching<Data>(
    channel: string,
    name: string | undefined,
    predicate: ((data: Data, event: RecordedEvent) => boolean) | undefined,
  ): readonly RecordedEvent[] {
    return this.#recorder.events.filter(
      (event) =>
        event.channel === channel &&
        (name === undefined || event.name === name) &&
        (predicate === undefined || predicate(event.data as Data, event)),
    )
  }

  #fail(what: string): never {
    const lines = this.#recorder.events.map(line)
    throw new Error(
      lines.length === 0 ? `${what}; nothing was broadcast` : [`${what}; broadcast:`, ...lines].join('\n'),
    )
  }
}

/**
 * Makes a broadcaster for tests; typed by the contract in the options, or by `fakeBroadcaster<typeof contract>()`.
 *
 * @throws OptionError when an option is unknown or has a wrong value
 */
export function fakeBroadcaster<C extends Contract = Contract>(
  options?: BroadcasterOptions<C>,
): FakeBroadcaster<C> {
  return new FakeBroadcaster(options)
}

function described(channel: string, name: string | undefined, predicate: unknown): string {
  const event = name === undefined ? 'any event' : name
  return `${event} on ${channel}${predicate === undefined ? '' : ' with matching data'}`
}

function line({ channel, name, data, except }: RecordedEvent): string {
  const without = except.length > 0 ? `, except ${except.join(', ')}` : ''
  return `  ${name} on ${channel}: ${JSON.stringify(data)}${without}`
}
