/** Somebody who stands in a cohort, for now. */
interface Standing {
  readonly cohort: object | null
  readonly since: number
}

/** By how much one of a cohort is owed more than the cohort: the same as long as it stands there. */
interface Surplus<Companion> {
  readonly companion: Companion
  readonly bytes: number
  /** Where it stood in its group. */
  readonly at: number
  /** Tells this stay in the cohort from others: whoever comes back comes with a later frame. */
  readonly since: number
}

/** Who in a cohort is owed more than the cohort, in the order of how much. */
export class Surpluses<Companion extends Standing> {
  readonly #cohort: object
  /** The most first. In a crowd that joins at once, whoever comes is owed less of its own than those before: it stands last. */
  readonly #sorted: Surplus<Companion>[] = []
  /** Those before are forgotten. */
  #first = 0

  constructor(cohort: object) {
    this.#cohort = cohort
  }

  add(companion: Companion, bytes: number, at: number): void {
    const { since } = companion
    let low = this.#first
    for (let high = this.#sorted.length; low < high;) {
      const middle = (low + high) >>> 1
      if ((this.#sorted[middle]?.bytes ?? 0) > bytes) low = middle + 1
      else high = middle
    }
    this.#sorted.splice(low, 0, { companion, bytes, at, since })
  }

  /** The largest, in bytes. */
  get most(): number {
    return this.#largest()?.bytes ?? 0
  }

  /** Those who have more than so many bytes. They are forgotten. */
  above(bytes: number): Pick<Surplus<Companion>, 'companion' | 'at'>[] {
    const above: Surplus<Companion>[] = []
    for (let next = this.#largest(); next && next.bytes > bytes; next = this.#largest()) {
      above.push(next)
      this.#first++
    }
    return above
  }

  #largest(): Surplus<Companion> | undefined {
    for (; this.#first < this.#sorted.length; this.#first++) {
      const first = this.#sorted[this.#first]
      if (first && this.#stands(first)) return first
    }
    return undefined
  }

  /** It may have left since, and even come back. */
  #stands({ companion, since }: Surplus<Companion>): boolean {
    return companion.cohort === this.#cohort && companion.since === since
  }
}
