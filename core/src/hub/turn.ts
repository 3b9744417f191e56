import type { Platform } from '../ground/platform.ts'
import { Owed } from './owed.ts'
import type { Sequencer } from './sequencer.ts'

/** What is owed in one turn goes out at once when it passes this many bytes; order is kept. */
export const EAGER_BYTES = 262_144

/** Somebody who is owed frames at the end of the turn. */
export interface Debtor {
  /** What it is owed by itself; `null` for nothing. */
  owed: Owed | null
  /** Whether it is to be flushed at the end of the turn. */
  listed: boolean
  /** Writes what is owed now, if there still is anything. */
  flush(): void
}

/** Several debtors who are owed the same. */
export interface Debtors {
  /** The turn is over: from now on they are not owed the same any more. */
  close(): void
}

/** So long a flush may keep the event loop from everything else. */
const SLICE_MS = 5
/** A look at the clock costs as much as a few writes in memory. */
const WRITES_BETWEEN_LOOKS = 64

/**
 * Collects what clients are owed in one turn of the event loop, and has it written at its end: in slices, when it is so much
 * that everything else would have to wait. A client whose slice is still to come, and who is owed more meanwhile, gets all
 * of it then, in order.
 */
export class Turn {
  readonly #platform: Platform
  readonly #sequencer: Sequencer
  #root = new Owed()
  #owing: Debtor[] = []
  #together: Debtors[] = []
  /** Those whose turn is over, and how many of them were written to. */
  #flushing: Debtor[] = []
  #flushed = 0
  #scheduled = false

  constructor(platform: Platform, sequencer: Sequencer) {
    this.#platform = platform
    this.#sequencer = sequencer
  }

  /** Where a list begins for a client that was owed nothing so far this turn. It will be flushed at the end of it. */
  begin(debtor: Debtor): Owed {
    this.list(debtor)
    if (!this.#scheduled) this.#schedule()
    return this.#root
  }

  /** The same for several: each of them is to be listed. */
  beginTogether(debtors: Debtors): Owed {
    this.#together.push(debtors)
    if (!this.#scheduled) this.#schedule()
    return this.#root
  }

  /** It will be flushed at the end of the turn. */
  list(debtor: Debtor): void {
    if (!debtor.listed) this.#owing.push(debtor)
    debtor.listed = true
  }

  /** Writes to everybody what is owed. Called at the end of the turn. */
  end(): void {
    this.#scheduled = false
    this.#sequencer.run(() => {
      this.#close()
      this.#flush()
    })
  }

  #schedule(): void {
    this.#scheduled = true
    this.#platform.scheduler.turn(() => this.end())
  }

  #close(): void {
    this.#root = new Owed()
    for (const debtors of this.#together) debtors.close()
    for (const { owed } of this.#owing) if (owed) owed.batch().readers++
    this.#flushing = this.#flushing.length === 0 ? this.#owing : [...this.#flushing, ...this.#owing]
    this.#together = []
    this.#owing = []
  }

  #flush(): void {
    const { clock } = this.#platform
    const endsAt = clock.monotonic() + SLICE_MS
    while (this.#flushSome()) {
      if (clock.monotonic() < endsAt) continue
      this.#flushing = this.#flushing.slice(this.#flushed)
      this.#flushed = 0
      if (!this.#scheduled) this.#schedule()
      return
    }
    this.#flushing = []
    this.#flushed = 0
  }

  /** Returns whether there is more to be flushed. */
  #flushSome(): boolean {
    const to = Math.min(this.#flushed + WRITES_BETWEEN_LOOKS, this.#flushing.length)
    while (this.#flushed < to) {
      const debtor = this.#flushing[this.#flushed++]
      if (!debtor) break
      debtor.listed = false
      debtor.flush()
    }
    return this.#flushed < this.#flushing.length
  }
}
