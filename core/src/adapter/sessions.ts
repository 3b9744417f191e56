import type { Session } from '../contract/conn.ts'

/** The sessions of one adapter, or its connections if these can be left too: from the ticket to the end of the connection. */
export class Sessions<One extends Pick<Session, 'leave'> = Session> {
  readonly #open = new Set<One>()
  #idle: (() => void)[] = []

  get size(): number {
    return this.#open.size
  }

  add(session: One): void {
    this.#open.add(session)
  }

  /** Its connection is over. */
  delete(session: One): void {
    this.#open.delete(session)
    if (this.#open.size > 0) return
    for (const resolve of this.#idle) resolve()
    this.#idle = []
  }

  /** Has everybody told that the server is closing. Resolves when all of them are gone. */
  async leave(): Promise<void> {
    for (const session of this.#open) session.leave()
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }
}
