/** Buckets of a power of two: a value is known to one part in 64. */
const FINE = 64
const FINE_BITS = 6
/** The greatest value, in microseconds: over half an hour. */
const MOST = 2 ** 31 - 1

/** What was measured, in milliseconds. All are 0 when nothing was. */
export interface Quantiles {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Counts lengths of time in buckets that grow with them: constant memory, quantiles within 1.6 %. */
export class Histogram {
  readonly #buckets = new Float64Array(bucketOf(MOST) + 1)
  #count = 0
  #max = 0

  /** @param ms - milliseconds; below 0 counts as 0, over half an hour as that */
  add(ms: number): void {
    const us = Math.min(MOST, Math.max(0, Math.round(ms * 1_000)))
    const bucket = bucketOf(us)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#count++
    this.#max = Math.max(this.#max, us)
  }

  /** The least value that so large a part of all, from 0 to 1, does not exceed, in milliseconds; 0 when there is none. */
  quantile(part: number): number {
    const rank = Math.max(1, Math.ceil(part * this.#count))
    let seen = 0
    for (const [bucket, count] of this.#buckets.entries()) {
      seen += count
      if (seen >= rank) return Math.min(topOf(bucket), this.#max) / 1_000
    }
    return 0
  }

  quantiles(): Quantiles {
    return {
      count: this.#count,
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      max: this.#max / 1_000,
    }
  }
}

function bucketOf(us: number): number {
  const shift = Math.max(0, 31 - Math.clz32(us) - FINE_BITS)
  return shift * FINE + (us >>> shift)
}

/** The greatest value of a bucket. */
function topOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / FINE) - 1)
  return (bucket - shift * FINE + 1) * 2 ** shift - 1
}
