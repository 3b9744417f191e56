/** Something that happened to a client. */
export interface JournalEntry {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly client: string
  /** What happened: `connect`, `subscribe`, `unsubscribe`, `refused`, `disconnect`. */
  readonly what: string
  readonly channel?: string | undefined
  readonly detail?: string | undefined
}

/** The last things that happened on this node: one ring for all clients, so that its size is known. */
export class Journal {
  readonly #entries: (JournalEntry | undefined)[]
  #next = 0

  /** @param size - how many entries are kept */
  constructor(size: number) {
    this.#entries = new Array<JournalEntry | undefined>(size)
  }

  add(entry: JournalEntry): void {
    this.#entries[this.#next] = entry
    this.#next = (this.#next + 1) % this.#entries.length
  }

  /** What is still known of a client, oldest first. */
  of(client: string): JournalEntry[] {
    const { length } = this.#entries
    const ordered = Array.from({ length }, (_, at) => this.#entries[(this.#next + at) % length])
    return ordered.filter((entry) => entry !== undefined).filter((entry) => entry.client === client)
  }
}
