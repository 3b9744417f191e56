import type { Frame } from '../contract/conn.ts'
import { CountedBatch, JointBatch, RunBatch, type SizedBatch } from './batches.ts'

/** What is owed: one frame, or a run of frames in which others have a part. */
type Link = Frame | RunBatch

/**
 * A node in the tree of what clients are owed this turn: the frames on the way from the root down to it. Clients that
 * are owed the same list stand at the same node, so that list is turned into a batch at most once.
 */
export class Owed {
  readonly #parent: Owed | undefined
  readonly #link: Link | undefined
  /** Frames and bytes from the root to here. */
  readonly length: number
  readonly bytes: number
  /** There are runs on the way. */
  readonly #hasRuns: boolean
  #childFrame: Frame | undefined
  #child: Owed | undefined
  #batch: CountedBatch | JointBatch | undefined

  constructor(parent?: Owed, link?: Link) {
    const isRun = link instanceof RunBatch
    this.#parent = parent
    this.#link = link
    this.length = parent ? parent.length + (isRun ? link.length : 1) : 0
    this.bytes = parent && link ? parent.bytes + link.bytes : 0
    this.#hasRuns = isRun || (parent !== undefined && parent.#hasRuns)
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
  batch(): CountedBatch | JointBatch {
    return (this.#batch ??= this.#hasRuns
      ? new JointBatch(this.#parts())
      : new CountedBatch(this.frames(), this.bytes))
  }

  /** The node for this list and a run of frames more. */
  behind(run: RunBatch): Owed {
    return new Owed(this, run)
  }

  frames(): Frame[] {
    const frames = new Array<Frame>(this.length)
    this.#fill(frames)
    for (let at = this.#parent; at; at = at.#parent) at.#fill(frames)
    return frames
  }

  #fill(frames: Frame[]): void {
    const link = this.#link
    if (link instanceof RunBatch)
      link.frames.forEach((frame, at) => (frames[this.length - link.length + at] = frame))
    else if (link) frames[this.length - 1] = link
  }

  #links(): Link[] {
    const links = this.#link ? [this.#link] : []
    for (let at = this.#parent; at; at = at.#parent) if (at.#link) links.push(at.#link)
    return links.reverse()
  }

  #parts(): SizedBatch[] {
    const parts: SizedBatch[] = []
    let alone: Frame[] = []
    const close = (): void => {
      if (alone.length > 0) parts.push(CountedBatch.of(alone))
      alone = []
    }
    for (const link of this.#links()) {
      if (link instanceof RunBatch) {
        close()
        parts.push(link)
      } else alone.push(link)
    }
    close()
    return parts
  }
}
