import type { Frame, Lane } from '../contract/conn.ts'
import type { WireData } from '../contract/protocol.ts'
import type { Platform } from '../ground/platform.ts'

/** A frame of what a protocol wrote; its size is counted here, once. */
export function makeFrame(platform: Platform, data: WireData, lane: Lane, key?: string): Frame {
  const bytes = typeof data === 'string' ? platform.utf8Size(data) : data.byteLength
  return { data, bytes, lane, key }
}
