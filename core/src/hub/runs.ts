import type { Frame } from '../contract/conn.ts'
import { RunBatch } from './batches.ts'

/** A run is not longer than this, so that an adapter need not cut it; a single frame may be. */
const RUN_BYTES = 65_536

/** Frames that are told to many, and any run of them up to the last as batches: the list is one and the same for all. */
export class Runs {
  readonly #list: Frame[] = []
  /** Bytes before each of the frames, and behind the last. */
  readonly #before = [0]
  /** Where runs end at the latest, and the next begin. */
  readonly #cuts: number[] = []
  /** From one cut to the next, by where they begin. */
  readonly #wholes = new Map<number, RunBatch>()

  get length(): number {
    return this.#list.length
  }

  add(frame: Frame): void {
    const bytes = this.bytesBefore(this.length) + frame.bytes
    const begun = this.#cuts.at(-1) ?? 0
    if (bytes - this.bytesBefore(begun) > RUN_BYTES && this.length > begun) this.#cuts.push(this.length)
    this.#before.push(bytes)
    this.#list.push(frame)
  }

  bytesBefore(index: number): number {
    return this.#before[index] ?? 0
  }

  /** All frames from some on. */
  framesFrom(since: number): readonly Frame[] {
    return this.#list.slice(since)
  }

  /** The same, as batches. */
  *from(since: number): Generator<RunBatch> {
    let from = since
    for (const cut of this.#cuts) {
      if (cut <= from) continue
      yield from === since ? this.#run(from, cut) : this.#whole(from, cut)
      from = cut
    }
    if (from < this.length) yield this.#run(from, this.length)
  }

  /** The same for everybody. */
  #whole(from: number, to: number): RunBatch {
    let whole = this.#wholes.get(from)
    if (!whole) this.#wholes.set(from, (whole = this.#run(from, to)))
    return whole
  }

  #run(from: number, to: number): RunBatch {
    return new RunBatch({ list: this.#list, from, to }, this.bytesBefore(to) - this.bytesBefore(from))
  }
}
