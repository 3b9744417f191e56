import type { Batch, Frame } from '../contract/conn.ts'
import type { Platform } from '../ground/platform.ts'
import type { Sequencer } from './sequencer.ts'

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

/** A batch that knows how many clients are about to be handed it. */
export class CountedBatch implements Batch {
  readonly frames: readonly Frame[]
  readonly bytes: number
  readers = 0

  constructor(frames: readonly Frame[], bytes: number) {
    this.frames = frames
    this.bytes = bytes
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

/** Somebody who is owed frames at the end of the turn. */
export interface Debtor {
  /** What is owed; `null` for nothing. */
  owed: Owed | null
  /** Whether it is to be flushed at the end of the turn. */
  listed: boolean
  /** Writes what is owed now, if there still is anything. */
  flush(): void
}

/** Collects what clients are owed in one turn of the event loop, and has it written at its end. */
export class Turn {
  readonly #platform: Platform
  readonly #sequencer: Sequencer
  #root = new Owed()
  #owing: Debtor[] = []
  #scheduled = false

  constructor(platform: Platform, sequencer: Sequencer) {
    this.#platform = platform
    this.#sequencer = sequencer
  }

  /** Where a list begins for a client that was owed nothing so far this turn. It will be flushed at the end of it. */
  begin(debtor: Debtor): Owed {
    if (!debtor.listed) this.#owing.push(debtor)
    debtor.listed = true
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#platform.scheduler.turn(() => this.end())
    }
    return this.#root
  }

  /** Writes to everybody what is owed. Called at the end of the turn. */
  end(): void {
    this.#scheduled = false
    this.#sequencer.run(() => {
      const owing = this.#owing
      this.#owing = []
      this.#root = new Owed()
      for (const debtor of owing) {
        debtor.listed = false
        if (debtor.owed) debtor.owed.batch().readers++
      }
      for (const debtor of owing) debtor.flush()
    })
  }
}
