import { Histogram } from './histogram.ts'

/** What became of what was published. */
export interface Messages {
  sent: number
  /** The server, or the bus, said that it has them. */
  published: number
  refused: number
  /** Nobody answered: they may have been delivered or not. */
  unknown: number
}

/** What a run counts, besides the deliveries. */
export class Figures {
  readonly messages: Messages = { sent: 0, published: 0, refused: 0, unknown: 0 }
  readonly connections = { opened: 0, failed: 0, lost: 0, reopened: 0 }
  readonly subscriptions = { refused: 0, ended: 0 }
  /** Announcements of the server, and how many messages those of them named that knew. */
  readonly gaps = { slow: 0, bus: 0, counted: 0 }
  /** Messages of others in the same channels. */
  foreign = 0
  readonly handshakes = new Histogram()
  readonly latency = new Histogram()
  /** Why something failed: what was tried, the reason, and how often. */
  readonly #reasons = new Map<string, number>()

  /** Something failed. @param what - such as `publish: rate`; on one line */
  blame(what: string): void {
    this.#reasons.set(what, (this.#reasons.get(what) ?? 0) + 1)
  }

  /** Why things failed, the most frequent first. */
  reasons(): { readonly reason: string; readonly count: number }[] {
    const all = [...this.#reasons].map(([reason, count]) => ({ reason, count }))
    return all.toSorted((a, b) => b.count - a.count)
  }

  /** A gap that the server announced. */
  gap(reason: string, count: number): void {
    if (reason === 'bus') this.gaps.bus++
    else this.gaps.slow++
    this.gaps.counted += count
  }

  /** What was sent has an outcome: an error's word, or none. */
  settle(refusal: string | undefined): void {
    if (refusal === undefined) this.messages.published++
    else {
      if (refusal === 'unknown') this.messages.unknown++
      else this.messages.refused++
      this.blame(`publish: ${refusal}`)
    }
  }
}
