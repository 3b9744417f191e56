import type { Frame, Lane } from '../contract/conn.ts'
import type { WireData } from '../contract/protocol.ts'
import { type SplicedText, textOf } from '../contract/shared-text.ts'
import type { Platform } from '../ground/platform.ts'

/** A frame of what a protocol wrote; its size is counted here, once. */
export function makeFrame(platform: Platform, data: WireData, lane: Lane, key?: string): Frame {
  if (typeof data === 'string') return { data, bytes: platform.utf8Size(data), lane, key }
  if ('shared' in data) return new SplicedFrame(platform, data, lane, key)
  return { data, bytes: data.byteLength, lane, key }
}

/** Put together only for those who ask for all of it. */
class SplicedFrame implements Frame {
  readonly spliced: SplicedText
  readonly bytes: number
  readonly lane: Lane
  readonly key: string | undefined
  #data: string | undefined

  constructor(platform: Platform, spliced: SplicedText, ...[lane, key]: [Lane, string | undefined]) {
    const { head, shared, tail } = spliced
    this.spliced = spliced
    this.bytes = platform.utf8Size(head) + shared.bytes + platform.utf8Size(tail)
    this.lane = lane
    this.key = key
  }

  get data(): string {
    return (this.#data ??= textOf(this.spliced))
  }
}
