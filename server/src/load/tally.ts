/** One publisher in one channel. */
export interface Stream {
  readonly id: number
  readonly publisher: number
  readonly channel: string
  /** How many were sent. */
  next: number
  /** Those that were refused, or whose outcome nobody knows. */
  readonly void: Set<number>
}

/** What became of all deliveries. */
export interface Deliveries {
  /** What the listeners had to get. */
  readonly expected: number
  readonly received: number
  /** Missing, and the server did not say so. */
  readonly lost: number
  /** Missing, as the server said. */
  readonly announced: number
  /** Missing at the end of connections that were cut. */
  readonly cut: number
  /** Came after one that was sent later. */
  readonly reordered: number
  readonly duplicated: number
  /** Of this run, but never sent there. */
  readonly strange: number
}

/** Where the figures of all listeners come together. */
export type Tally = { -readonly [Name in keyof Deliveries]: number }

/** What a listener needs of the ledger. */
export interface Books {
  readonly tally: Tally
  /** A stream by its number, if there is one. */
  streamAt(id: number): Stream | undefined
  /** The streams of a channel. */
  streamsOf(channel: string): readonly Stream[]
}
