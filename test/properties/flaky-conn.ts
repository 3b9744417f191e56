import type { Batch } from '@fanfare/core'
import { MemoryConn } from '@fanfare/core/testing'
import type { Stage } from './stage.ts'

/** A connection in memory in whose `write` a trap may lie. It also looks whether the batches are what they say. */
export class FlakyConn extends MemoryConn {
  /** It threw, so what it was given did not arrive. */
  lostBatch = false
  readonly #stage: Stage

  constructor(highWater: number, stage: Stage) {
    super(highWater)
    this.#stage = stage
  }

  override write(batch: Batch): boolean {
    let bytes = 0
    for (const frame of batch.frames) {
      const size = Buffer.byteLength(frame.data)
      if (size !== frame.bytes)
        this.#stage.log.push(`a frame of ${String(size)} bytes says ${String(frame.bytes)}`)
      bytes += size
    }
    if (bytes !== batch.bytes || bytes === 0) {
      this.#stage.log.push(`a batch of ${String(bytes)} bytes says ${String(batch.bytes)}`)
    }
    if (this.#stage.spring('write')) {
      this.lostBatch = true
      throw new Error('a connection must not throw, but this one does')
    }
    return super.write(batch)
  }
}
