import type { TimerWheel } from '../ground/timer-wheel.ts'

/** Things that have to happen in time. Each is waited for by itself; all can be called off together. */
export class Deadlines<Key> {
  readonly #wheel: TimerWheel
  readonly #ms: number
  readonly #waiting = new Map<Key, () => void>()

  constructor(wheel: TimerWheel, ms: number) {
    this.#wheel = wheel
    this.#ms = ms
  }

  /** Waits anew. Calls `missed` unless {@link met} comes before. */
  start(key: Key, missed: () => void): void {
    this.met(key)
    const late = (): void => {
      this.#waiting.delete(key)
      missed()
    }
    this.#waiting.set(key, this.#wheel.after(this.#ms, late))
  }

  /** What was waited for came. `false`: nobody waits for it, or no longer. */
  met(key: Key): boolean {
    this.#waiting.get(key)?.()
    return this.#waiting.delete(key)
  }

  /** Calls all of them off. Returns what was waited for. */
  clear(): Key[] {
    const keys = [...this.#waiting.keys()]
    for (const key of keys) this.met(key)
    return keys
  }
}
