/** What waits, at most once at a time, in {@link Buckets}. */
export interface Alarm {
  /** Kept by the buckets: the tick at which it rings. */
  due: number
  /** Its time has come. It no longer waits, and may be set again. */
  ring(): void
}

/** Alarms by the tick at which they are due. Whoever is there anyhow can wait without an entry of its own. */
export class Buckets {
  readonly #buckets = new Map<number, Set<Alarm>>()
  #size = 0
  #reached = 0

  get size(): number {
    return this.#size
  }

  /**
   * @param due - the tick at which it is to ring; one that is over already is taken for the next one
   * @param now - the tick that it is
   */
  add(alarm: Alarm, due: number, now: number): void {
    // Time may have been set back.
    if (this.#size === 0 || now < this.#reached) this.#reached = now
    // The tick that was reached last is over: what is due at once is due at the next one.
    alarm.due = Math.max(this.#reached + 1, due)
    let bucket = this.#buckets.get(alarm.due)
    if (!bucket) this.#buckets.set(alarm.due, (bucket = new Set()))
    bucket.add(alarm)
    this.#size++
  }

  /** Returns whether it was there. */
  remove(alarm: Alarm): boolean {
    const bucket = this.#buckets.get(alarm.due)
    if (!bucket?.delete(alarm)) return false
    this.#size--
    if (bucket.size === 0) this.#buckets.delete(alarm.due)
    return true
  }

  /** Takes out what is due by `now`, oldest first. Whatever happens in between may still add others, and remove some of them. */
  *due(now: number): Generator<Alarm> {
    this.#reached = Math.min(this.#reached, now)
    for (const bucket of this.#dueBuckets(now)) {
      for (const alarm of bucket) {
        this.remove(alarm)
        yield alarm
      }
    }
  }

  *#dueBuckets(now: number): Generator<Set<Alarm>> {
    // After a long pause of the process it is cheaper to look at every bucket than at every missed tick.
    if (now - this.#reached > this.#buckets.size) {
      this.#reached = now
      const due = [...this.#buckets.keys()].filter((tick) => tick <= now)
      for (const tick of due.sort((a, b) => a - b)) yield this.#buckets.get(tick) ?? new Set()
      return
    }
    while (this.#reached < now) {
      this.#reached++
      const bucket = this.#buckets.get(this.#reached)
      if (bucket) yield bucket
    }
  }
}
