import { shortened } from '../ground/own-text.ts'

/** So much of a text is kept: clients choose how long theirs are. */
const MOST_CHARACTERS = 200

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

/**
 * The last things that happened on this node: one ring for all clients, and of every text the beginning, so that its size is
 * known: 4,096 entries take 4 MiB at most.
 */
export class Journal {
  readonly #entries: (JournalEntry | undefined)[]
  #next = 0

  /** @param size - how many entries are kept */
  constructor(size: number) {
    this.#entries = new Array<JournalEntry | undefined>(size)
  }

  add({ at, client, what, channel, detail }: JournalEntry): void {
    const short = (text: string | undefined): string | undefined =>
      text === undefined ? undefined : shortened(text, MOST_CHARACTERS)
    this.#entries[this.#next] = { at, client, what, channel: short(channel), detail: short(detail) }
    this.#next = (this.#next + 1) % this.#entries.length
  }

  /** What is still known of a client, oldest first. */
  of(client: string): JournalEntry[] {
    const { length } = this.#entries
    const ordered = Array.from({ length }, (_, at) => this.#entries[(this.#next + at) % length])
    return ordered.filter((entry) => entry !== undefined).filter((entry) => entry.client === client)
  }
}
