import type { Alarm, TimerWheel } from '../ground/timer-wheel.ts'

/** One thing that is waited for. */
class Deadline<Key> implements Alarm {
  due = 0
  readonly #waiting: Map<Key, Deadline<Key>>
  readonly #key: Key
  readonly #missed: (key: Key) => void

  constructor(waiting: Map<Key, Deadline<Key>>, key: Key, missed: (key: Key) => void) {
    this.#waiting = waiting
    this.#key = key
    this.#missed = missed
  }

  ring(): void {
    this.#waiting.delete(this.#key)
    this.#missed(this.#key)
  }
}

/** Things that have to happen in time. Each is waited for by itself; all can be called off together. */
export class Deadlines<Key> {
  readonly #wheel: TimerWheel
  readonly #ms: number
  readonly #waiting = new Map<Key, Deadline<Key>>()

  constructor(wheel: TimerWheel, ms: number) {
    this.#wheel = wheel
    this.#ms = ms
  }

  /** Waits anew. Calls `missed` with the key unless {@link met} comes before. */
  start(key: Key, missed: (key: Key) => void): void {
    this.met(key)
    const deadline = new Deadline(this.#waiting, key, missed)
    this.#waiting.set(key, deadline)
    this.#wheel.set(deadline, this.#ms)
  }

  /** What was waited for came. `false`: nobody waits for it, or no longer. */
  met(key: Key): boolean {
    const deadline = this.#waiting.get(key)
    if (!deadline) return false
    this.#wheel.stop(deadline)
    return this.#waiting.delete(key)
  }

  /** Calls all of them off. Returns what was waited for. */
  clear(): Key[] {
    const keys = [...this.#waiting.keys()]
    for (const key of keys) this.met(key)
    return keys
  }
}
