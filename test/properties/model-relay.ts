import type { ModelClock } from './model-clock.ts'
import { once, type Stage } from './stage.ts'

const WAIT_MS = 2_000

interface Line {
  holders: number
  live: boolean
  /** Somebody was let in although it is not live. */
  early: boolean
  waiting: Set<() => void>
  cancelRetry: () => void
}

/** What a hub wants of a relay: each held channel open, and none other, with one call at a time per channel. */
export class ModelRelay {
  readonly lines = new Map<string, Line>()
  readonly #calls = new Set<string>()
  readonly #clock: ModelClock
  readonly #stage: Stage
  readonly #gap: (channel: string) => void
  readonly #detached: (() => void)[] = []

  constructor(clock: ModelClock, stage: Stage, gap: (channel: string) => void) {
    this.#clock = clock
    this.#stage = stage
    this.#gap = gap
  }

  hold(channel: string): void {
    const line = this.lines.get(channel)
    if (line) line.holders++
    else {
      this.lines.set(channel, {
        holders: 1,
        live: false,
        early: false,
        waiting: new Set(),
        cancelRetry: () => {},
      })
      this.#call(channel)
    }
  }

  release(channel: string): void {
    const line = this.lines.get(channel)
    if (!line || --line.holders > 0) return
    this.#forget(channel, line)
  }

  /** There are subscribers already. */
  early(channel: string): void {
    const line = this.lines.get(channel)
    if (line && !line.live) line.early = true
  }

  /** Calls back when the channel is live, or has been waited for long enough. Returns how to give up. */
  whenLive(channel: string, callback: () => void): () => void {
    const line = this.lines.get(channel)
    if (!line || line.live || line.early) {
      callback()
      return () => {}
    }
    const cancel = this.#clock.after(WAIT_MS, () => {
      line.early = true
      ready()
    })
    const giveUp = (): void => {
      cancel()
      line.waiting.delete(ready)
    }
    const ready = (): void => {
      giveUp()
      callback()
    }
    line.waiting.add(ready)
    return giveUp
  }

  detach(done: () => void): void {
    this.#detached.push(done)
    for (const [channel, line] of this.lines) {
      this.#forget(channel, line)
      for (const ready of line.waiting) ready()
    }
    this.#checkLetGo()
  }

  #forget(channel: string, line: Line): void {
    line.cancelRetry()
    this.lines.delete(channel)
    this.#call(channel)
  }

  /** Opens or closes the channel, whatever is wanted now; after the call that runs, if one does. */
  #call(channel: string): void {
    if (this.#calls.has(channel)) return
    const opens = this.lines.has(channel)
    this.#calls.add(channel)
    this.#stage.noteRelayCall(opens ? 'open' : 'close', channel)
    const told = (ok: boolean): void => {
      if (!ok) this.#stage.errors.push(['relay', undefined, channel].join(' '))
      if (opens) this.#opened(channel, ok)
    }
    const over = (): void => {
      this.#calls.delete(channel)
      if (opens !== this.lines.has(channel)) this.#call(channel)
      this.#checkLetGo()
    }
    const answered = (ok: boolean): void =>
      this.#clock.promised(() => {
        told(ok)
        this.#clock.promised(over)
      })
    const mode = this.#stage.relay.open
    if (mode === 'later') this.#stage.openRelayCalls.push(once(answered))
    else if (mode === 'now') answered(true)
    else {
      told(false)
      this.#clock.promised(over)
    }
  }

  #opened(channel: string, ok: boolean): void {
    const line = this.lines.get(channel)
    if (!line) return
    if (!ok) {
      line.cancelRetry = this.#clock.after(WAIT_MS, () => this.#call(channel))
      return
    }
    line.live = true
    if (line.early) this.#gap(channel)
    for (const ready of line.waiting) ready()
  }

  #checkLetGo(): void {
    if (this.#calls.size > 0) return
    for (const done of this.#detached.splice(0)) done()
  }
}
