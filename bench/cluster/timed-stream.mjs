import { now } from '../lib/clock.mjs'
import { Stream } from '../load/stream.mjs'

/** A stream that also notes when each message came, at every subscriber. One message per turn. */
export class TimedStream extends Stream {
  /** When it came, per message and subscriber, in milliseconds. @type {number[][]} */
  #cameAt = []

  /** @override @param {number} turn */
  completed(turn) {
    ;(this.#cameAt[turn] ??= []).push(now())
    super.completed(turn)
  }

  /**
   * How long the messages took, over all subscribers.
   *
   * @param {readonly number[]} sentAt - when each was published
   * @returns {{ p50: number, p99: number }} in milliseconds
   */
  latency(sentAt) {
    const all = this.#cameAt.flatMap((times, turn) => times.map((at) => at - (sentAt[turn] ?? Number.NaN)))
    const sorted = Float64Array.from(all).sort()
    const at = (/** @type {number} */ share) =>
      sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
    return { p50: at(0.5), p99: at(0.99) }
  }
}
