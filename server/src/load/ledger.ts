import { Listener } from './listener.ts'
import type { Deliveries, Stream, Tally } from './tally.ts'

/** Knows what was sent, who has to get it and who got it. Opens no connection and looks at no clock. */
export class Ledger {
  readonly #streams: Stream[] = []
  readonly #byChannel = new Map<string, Stream[]>()
  readonly #listeners = new Set<Listener>()
  readonly tally: Tally = {
    ...{ expected: 0, received: 0, lost: 0, announced: 0, cut: 0 },
    ...{ reordered: 0, duplicated: 0, strange: 0 },
  }

  /** Somebody will publish in a channel. To be said before anybody listens there. */
  stream(publisher: number, channel: string): Stream {
    const stream: Stream = { id: this.#streams.length, publisher, channel, next: 0, void: new Set() }
    this.#streams.push(stream)
    this.#byChannel.set(channel, [...this.streamsOf(channel), stream])
    return stream
  }

  /** A stream by its number, if there is one. */
  streamAt(id: number): Stream | undefined {
    return this.#streams[id]
  }

  /** The streams of a channel. */
  streamsOf(channel: string): readonly Stream[] {
    return this.#byChannel.get(channel) ?? []
  }

  /** From now on somebody has to get what is sent to a channel. */
  listen(channel: string): Listener {
    const listener = new Listener(this, channel)
    this.#listeners.add(listener)
    return listener
  }

  /** Somebody does not listen any more. @param cut - whether that was against its will */
  end(listener: Listener, cut: boolean): void {
    if (this.#listeners.delete(listener)) listener.settle(cut)
  }

  /** How many listen. */
  get listening(): number {
    return this.#listeners.size
  }

  /** Whether everybody who listens has got everything. */
  get complete(): boolean {
    for (const listener of this.#listeners) if (!listener.complete) return false
    return true
  }

  /** The figures, after everybody who still listens was waited for in vain. */
  close(): Deliveries {
    for (const listener of this.#listeners) this.end(listener, false)
    return { ...this.tally }
  }
}
