import type { Command } from '../contract/protocol.ts'

/** How many commands of one client may wait while one of its handlers is still at work. */
export const MAX_WAITING_COMMANDS = 256

/** Runs a command. A promise is waited for before the next one. */
export type RunCommand = (command: Command) => void | Promise<void>

/** The commands of one client, run one after the other. */
export class Inbox {
  readonly #run: RunCommand
  #waiting: Command[] = []
  #busy = false

  constructor(run: RunCommand) {
    this.#run = run
  }

  /** Runs the command, now or when those before it are done. `false`: too many wait already. */
  push(command: Command): boolean {
    if (this.#busy) {
      if (this.#waiting.length >= MAX_WAITING_COMMANDS) return false
      this.#waiting.push(command)
      return true
    }
    const working = this.#run(command)
    if (working) {
      this.#busy = true
      void working.then(() => this.#next())
    }
    return true
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = []
  }

  #next(): void {
    this.#busy = false
    // A command that finishes at once leaves the way free for the next; one that does not calls back here.
    while (!this.#busy) {
      const command = this.#waiting.shift()
      if (!command) return
      this.push(command)
    }
  }
}
