import type { Frame } from '../contract/conn.ts'
import { RunBatch } from './batches.ts'

/** So many frames are made into one list. */
const LIST = 64

/** Frames that are told to many, and any run of them up to the last as batches of which the greater part is shared. */
export class Runs {
  readonly #frames: Frame[] = []
  /** Bytes before each of the frames, and behind the last. */
  readonly #before = [0]
  /** The frames, cut into lists, by where they begin; and each of those as a whole. */
  readonly #lists = new Map<number, Frame[]>()
  readonly #wholes = new Map<number, RunBatch>()

  get length(): number {
    return this.#frames.length
  }

  add(frame: Frame): void {
    this.#before.push(this.bytesBefore(this.length) + frame.bytes)
    this.#frames.push(frame)
  }

  bytesBefore(index: number): number {
    return this.#before[index] ?? 0
  }

  /** All frames from some on. */
  framesFrom(since: number): readonly Frame[] {
    return this.#frames.slice(since)
  }

  /** The same, as batches. */
  *from(since: number): Generator<RunBatch> {
    for (let from = since; from < this.length;) {
      const to = Math.min(this.length, from - (from % LIST) + LIST)
      yield to - from === LIST ? this.#whole(from) : this.#run(from, to)
      from = to
    }
  }

  /** The same for everybody. */
  #whole(from: number): RunBatch {
    let whole = this.#wholes.get(from)
    if (!whole) this.#wholes.set(from, (whole = this.#run(from, from + LIST)))
    return whole
  }

  #run(from: number, to: number): RunBatch {
    const start = from - (from % LIST)
    let list = this.#lists.get(start)
    if (!list) this.#lists.set(start, (list = []))
    list.push(...this.#frames.slice(start + list.length, to))
    const run = { list, from: from - start, to: to - start }
    return new RunBatch(run, this.bytesBefore(to) - this.bytesBefore(from))
  }
}
