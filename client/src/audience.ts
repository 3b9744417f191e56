import type { ChannelEvent, ChannelSignals } from './channel-types.ts'
import { EventBuffer } from './event-buffer.ts'
import { Listeners, type Off } from './listeners.ts'

/** What an audience tells its subscription. */
export interface AudienceHost {
  /** Somebody listens. */
  wanted(): void
  /** The last listener went. */
  deserted(): void
  /** A reader was too slow for that many events. */
  overrun(missed: number): void
  report(error: unknown): void
}

/** Called with an event's data, and the event itself. */
export type EventListener = (data: unknown, event: ChannelEvent) => unknown

/** Signals that somebody listens to in order to know what goes on in a channel; they keep it subscribed. */
const KEEPING: readonly (keyof ChannelSignals)[] = ['joined', 'left']

/** Everybody in the application who listens to a channel. */
export class Audience {
  readonly #host: AudienceHost
  readonly #events: Listeners<Record<string, EventListener>>
  readonly #signals: Listeners<ChannelSignals>
  readonly #readers = new Set<EventBuffer<ChannelEvent>>()

  constructor(host: AudienceHost) {
    this.#host = host
    this.#events = new Listeners((error) => host.report(error))
    this.#signals = new Listeners((error) => host.report(error))
  }

  on(event: string, call: EventListener): Off {
    return this.#keeping(this.#events.on(event, call))
  }

  when<Name extends keyof ChannelSignals>(name: Name, call: ChannelSignals[Name]): Off {
    const off = this.#signals.on(name, call)
    return KEEPING.includes(name) ? this.#keeping(off) : off
  }

  read(limit: number): EventBuffer<ChannelEvent> {
    const hole = (event: ChannelEvent, missed: number): ChannelEvent => {
      this.#host.overrun(missed)
      return { ...event, missed }
    }
    const reader = new EventBuffer<ChannelEvent>(limit, hole, (ended) => {
      this.#readers.delete(ended)
      this.#gone()
    })
    this.#readers.add(reader)
    this.#host.wanted()
    return reader
  }

  hear(event: ChannelEvent): void {
    this.#events.emit(event.event, event.data, event)
    for (const reader of this.#readers) reader.push(event)
  }

  /** Returns whether anybody listened. */
  signal<Name extends keyof ChannelSignals>(
    name: Name,
    ...values: Parameters<ChannelSignals[Name]>
  ): boolean {
    return this.#signals.emit(name, ...values)
  }

  /** Ends the iterators; with an error, they throw it. */
  end(error?: Error): void {
    for (const reader of this.#readers) reader.end(error)
  }

  #keeping(off: Off): Off {
    this.#host.wanted()
    let on = true
    return () => {
      if (!on) return
      on = false
      off()
      this.#gone()
    }
  }

  #gone(): void {
    const watching = KEEPING.reduce((sum, name) => sum + this.#signals.count(name), 0)
    if (this.#events.count() + this.#readers.size + watching === 0) this.#host.deserted()
  }
}
