import type { Packet } from './packet.ts'
import { type Missing, Sequence } from './sequence.ts'
import type { Books, Stream } from './tally.ts'

/** One client in one channel, from its subscription to its end. */
export class Listener {
  readonly channel: string
  readonly #books: Books
  readonly #heard: ReadonlyMap<Stream, Sequence>
  /** How many the server said to be missing, where it knew how many. */
  #announced = 0

  constructor(books: Books, channel: string) {
    this.#books = books
    this.channel = channel
    this.#heard = new Map(
      books.streamsOf(channel).map((stream) => [stream, new Sequence(stream.next)] as const),
    )
  }

  /** Takes a message that came in the channel. `true`: it is the first time, and it was due. */
  hear({ publisher, stream: id, seq }: Packet): boolean {
    const { tally } = this.#books
    const stream = this.#books.streamAt(id)
    const sequence = stream && this.#heard.get(stream)
    if (!stream || !sequence || stream.publisher !== publisher || seq >= stream.next) {
      tally.strange++
      return false
    }
    const arrival = sequence.hear(seq)
    if (arrival === 'late') tally.reordered++
    if (arrival === 'again') tally.duplicated++
    const due = arrival === 'next' || arrival === 'late'
    if (due) tally.received++
    return due
  }

  /** The server says that so many are missing in the channel; 0 when it does not know how many. */
  announce(count: number): void {
    if (count > 0) this.#announced += count
    else for (const sequence of this.#heard.values()) sequence.announce()
  }

  /** Whether it has got everything. */
  get complete(): boolean {
    for (const [stream, sequence] of this.#heard) if (!sequence.complete(stream)) return false
    return true
  }

  /** Adds what it missed to the figures. Called once, by the ledger. */
  settle(cut: boolean): void {
    const { tally } = this.#books
    const ends = [...this.#heard].map(([stream, sequence]) =>
      sequence.end({ next: stream.next, cut, void: stream.void }),
    )
    const sum = (part: keyof Missing): number => ends.reduce((all, end) => all + end[part], 0)
    const missing = sum('missing')
    const excused = Math.min(missing, this.#announced)
    tally.lost += missing - excused
    tally.announced += excused + sum('announced')
    tally.cut += sum('cut')
    tally.expected += sum('received') + missing + sum('announced') + sum('cut')
  }
}
