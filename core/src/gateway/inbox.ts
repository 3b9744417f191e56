import type { Command } from '../contract/protocol.ts'

/** How many commands of one client may wait while one of its handlers is still at work. */
export const MAX_WAITING_COMMANDS = 256
/** How large the messages that brought them may be together. One may be larger than that, if nothing else waits. */
export const MAX_WAITING_BYTES = 1_048_576

/** Runs a command. A promise, which never rejects, is waited for before the next one. */
export interface Runner {
  /** @param bytes - size of the message that brought it */
  run(command: Command, bytes: number): void | Promise<void>
  /** A command that came in so many bytes is not done with yet. */
  hold(bytes: number): void
  /** It is done. */
  release(bytes: number): void
  /** Nothing runs or waits any more: the inbox may be let go. */
  rested(): void
}

interface Waiting {
  readonly command: Command
  readonly bytes: number
}

/** The commands of one client, run one after the other. */
export class Inbox {
  readonly #runner: Runner
  #waiting: Waiting[] | undefined
  #bytes = 0
  #busy = false
  #idle: (() => void)[] | undefined

  constructor(runner: Runner) {
    this.#runner = runner
  }

  /**
   * Runs the command, now or when those before it are done. `false`: too much waits already.
   *
   * @param bytes - what it holds in memory while it waits
   */
  push(command: Command, bytes: number): boolean {
    if (!this.#busy) {
      this.#work({ command, bytes }, false)
      return true
    }
    if (!this.#hasRoom(bytes)) return false
    const waiting = (this.#waiting ??= [])
    waiting.push({ command, bytes })
    this.#bytes += bytes
    this.#runner.hold(bytes)
    return true
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => (this.#idle ??= []).push(resolve))
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = undefined
    this.#bytes = 0
  }

  #hasRoom(bytes: number): boolean {
    if (this.#waiting && this.#waiting.length >= MAX_WAITING_COMMANDS) return false
    return this.#bytes === 0 || this.#bytes + bytes <= MAX_WAITING_BYTES
  }

  /**
   * Runs commands until one takes its time: that one calls back here.
   *
   * @param held - whether the first one has waited, and is held already
   */
  #work(first: Waiting | undefined, held: boolean): void {
    // What comes in the middle of a command waits too, even if that command itself caused it.
    this.#busy = true
    for (let next = first, isHeld = held; next; next = this.#next(), isHeld = true) {
      const { command, bytes } = next
      const working = this.#runner.run(command, bytes)
      if (working) {
        if (!isHeld) this.#runner.hold(bytes)
        void working.then(() => this.#done(bytes))
        return
      }
      if (isHeld) this.#runner.release(bytes)
    }
    this.#busy = false
    if (this.#idle) this.#rest(this.#idle)
    this.#runner.rested()
  }

  #done(bytes: number): void {
    this.#runner.release(bytes)
    this.#work(this.#next(), true)
  }

  #rest(idle: readonly (() => void)[]): void {
    for (const resolve of idle) resolve()
    this.#idle = undefined
  }

  #next(): Waiting | undefined {
    const next = this.#waiting?.shift()
    if (this.#waiting?.length === 0) this.#waiting = undefined
    if (next) this.#bytes -= next.bytes
    return next
  }
}
