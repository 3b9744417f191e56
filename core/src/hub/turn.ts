import type { Batch, Frame, FrameRun } from '../contract/conn.ts'
import type { Platform } from '../ground/platform.ts'
import type { Sequencer } from './sequencer.ts'

/** What is owed in one turn goes out at once when it passes this many bytes; order is kept. */
export const EAGER_BYTES = 262_144

/**
 * A node in the tree of what clients are owed this turn: the frames on the way from the root down to it. Clients that
 * are owed the same list stand at the same node, so that list is turned into a batch at most once.
 */
export class Owed {
  readonly #parent: Owed | undefined
  readonly #frame: Frame | undefined
  /** Frames and bytes from the root to here. */
  readonly length: number
  readonly bytes: number
  #childFrame: Frame | undefined
  #child: Owed | undefined
  #batch: CountedBatch | undefined

  constructor(parent?: Owed, frame?: Frame) {
    this.#parent = parent
    this.#frame = frame
    this.length = parent ? parent.length + 1 : 0
    this.bytes = parent && frame ? parent.bytes + frame.bytes : 0
  }

  /** The node for this list and one frame more. Frames are fanned out one after the other, so the last child is enough. */
  child(frame: Frame): Owed {
    if (this.#childFrame === frame && this.#child) return this.#child
    const child = new Owed(this, frame)
    this.#childFrame = frame
    this.#child = child
    return child
  }

  /** The batch of this list: the same object for everybody who is owed it. */
  batch(): CountedBatch {
    return (this.#batch ??= new CountedBatch(this.frames(), this.bytes))
  }

  frames(): Frame[] {
    const frames = new Array<Frame>(this.length)
    this.#fill(frames)
    let at = this.#parent
    for (; at; at = at.#parent) at.#fill(frames)
    return frames
  }

  #fill(frames: Frame[]): void {
    if (this.#frame) frames[this.length - 1] = this.#frame
  }
}

/** A batch that knows how many frames it has without a look at them. */
type SizedBatch = Batch & { readonly length: number }

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

/** Several batches as one, for one client: some of them it shares with others. */
export class JointBatch implements Batch {
  readonly parts: readonly SizedBatch[]
  readonly length: number
  readonly bytes: number
  readonly readers = 1
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

  get frames(): readonly Frame[] {
    return (this.#frames ??= this.parts.flatMap(({ frames }) => frames))
  }
}

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
