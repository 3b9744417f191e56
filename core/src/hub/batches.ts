import type { Batch, Frame, FrameRun } from '../contract/conn.ts'

/** A batch that knows how many frames it has without a look at them. */
export type SizedBatch = Batch & { readonly length: number }

/** A batch that knows how many clients are about to be handed it. */
export class CountedBatch implements Batch {
  readonly frames: readonly Frame[]
  readonly bytes: number
  readers = 0

  constructor(frames: readonly Frame[], bytes: number) {
    this.frames = frames
    this.bytes = bytes
  }

  get length(): number {
    return this.frames.length
  }

  /** A batch for one client alone. */
  static of(frames: readonly Frame[]): CountedBatch {
    let bytes = 0
    for (const frame of frames) bytes += frame.bytes
    const batch = new CountedBatch(frames, bytes)
    batch.readers = 1
    return batch
  }
}

/** A run of frames of which others are handed other runs. */
export class RunBatch implements Batch {
  readonly run: FrameRun
  readonly bytes: number
  readonly readers = 1

  constructor(run: FrameRun, bytes: number) {
    this.run = run
    this.bytes = bytes
  }

  get length(): number {
    return this.run.to - this.run.from
  }

  get frames(): readonly Frame[] {
    const { list, from, to } = this.run
    return list.slice(from, to)
  }
}

/** Several batches as one: some of them are shared with others who are owed more, or less. */
export class JointBatch implements Batch {
  readonly parts: readonly SizedBatch[]
  readonly length: number
  readonly bytes: number
  readers = 0
  #frames: readonly Frame[] | undefined

  constructor(parts: readonly SizedBatch[]) {
    this.parts = parts
    let length = 0
    let bytes = 0
    for (const part of parts) {
      length += part.length
      bytes += part.bytes
    }
    this.length = length
    this.bytes = bytes
  }

  /** Some that one client alone is owed first, perhaps in several parts, and then some that others are owed, too. */
  static of(first: CountedBatch | JointBatch, rest: Iterable<RunBatch>): JointBatch {
    return new JointBatch([...(first instanceof JointBatch ? first.parts : [first]), ...rest])
  }

  get frames(): readonly Frame[] {
    return (this.#frames ??= this.parts.flatMap(({ frames }) => frames))
  }
}
