import type { Lane } from '@fanfare/core'
import type { Wire } from './dialects.ts'

/** A frame as the model sees it. */
export interface ModelFrame {
  readonly data: Wire
  readonly bytes: number
  readonly lane: Lane
  readonly key?: string | undefined
  /** `undefined`: said to the client directly. */
  readonly channel: string | undefined
}

/** What waits for a slow client: frames, and marks for what is missing. */
export type Item =
  | { readonly kind: 'frame'; readonly frame: ModelFrame }
  | { readonly kind: 'gap'; readonly channel: string | undefined; readonly count: number }
  | { readonly kind: 'roster'; readonly channel: string }

export type Box = readonly Item[]

export function frameOf(data: Wire, lane: Lane, channel: string | undefined, key?: string): ModelFrame {
  return { data, bytes: Buffer.byteLength(data), lane, channel, key }
}

/** How many frames wait, and their bytes: control frames, or the others. */
export function load(box: Box, control: boolean): { frames: number; bytes: number } {
  let frames = 0
  let bytes = 0
  for (const item of box) {
    if (item.kind !== 'frame' || (item.frame.lane === 'control') !== control) continue
    frames++
    bytes += item.frame.bytes
  }
  return { frames, bytes }
}

export function framesOf(box: Box): ModelFrame[] {
  return box.flatMap((item) => (item.kind === 'frame' ? [item.frame] : []))
}

export function push(box: Box, frame: ModelFrame): Box {
  return [...box, { kind: 'frame', frame }]
}

/** Gaps of one channel without a message of that channel between them are one, at the place of the first. */
export function mergeGaps(box: Box): Box {
  const merged: Item[] = []
  for (const item of box) {
    const at = item.kind === 'gap' ? lastOf(merged, item.channel) : -1
    const earlier = merged[at]
    if (item.kind === 'gap' && earlier?.kind === 'gap') {
      merged[at] = { ...earlier, count: earlier.count + item.count }
    } else merged.push(item)
  }
  return merged
}

/** Where the last message or gap of a channel is. */
function lastOf(box: Box, channel: string | undefined): number {
  return box.findLastIndex((item) =>
    item.kind === 'frame'
      ? item.frame.lane === 'data' && item.frame.channel === channel
      : item.kind === 'gap' && item.channel === channel,
  )
}

export function markGap(box: Box, channel: string | undefined): Box {
  return mergeGaps([...box, { kind: 'gap', channel, count: 1 }])
}

/** Without its oldest message, and with a gap in its place if there is to be one. */
export function dropOldest(box: Box, withGap: boolean): { box: Box; dropped: ModelFrame | undefined } {
  const at = box.findIndex((item) => item.kind === 'frame' && item.frame.lane === 'data')
  const item = box[at]
  if (item?.kind !== 'frame') return { box, dropped: undefined }
  const gap: Item[] = withGap ? [{ kind: 'gap', channel: item.frame.channel, count: 1 }] : []
  return { box: mergeGaps([...box.slice(0, at), ...gap, ...box.slice(at + 1)]), dropped: item.frame }
}

/** Every change of a roster is given up; a mark for the fresh one stands in the place of the channel's first. */
export function collapse(
  box: Box,
  wanted: (channel: string) => boolean,
): { box: Box; dropped: ModelFrame[] } {
  const marked = new Set(box.flatMap((item) => (item.kind === 'roster' ? [item.channel] : [])))
  const dropped: ModelFrame[] = []
  const rest = box.flatMap((item): Item[] => {
    const channel = item.kind === 'frame' && item.frame.lane === 'presence' ? item.frame.channel : undefined
    if (item.kind !== 'frame' || channel === undefined) return [item]
    dropped.push(item.frame)
    if (marked.has(channel) || !wanted(channel)) return []
    marked.add(channel)
    return [{ kind: 'roster', channel }]
  })
  return { box: rest, dropped }
}

export function hasRoster(box: Box, channel: string): boolean {
  return box.some((item) => item.kind === 'roster' && item.channel === channel)
}

export function withoutRoster(box: Box, channel: string): Box {
  return box.filter((item) => item.kind !== 'roster' || item.channel !== channel)
}

/** The newest waiting value of a key, if there is one. */
export function latest(box: Box, { channel, key }: ModelFrame): ModelFrame | undefined {
  return framesOf(box).findLast(
    (frame) => key !== undefined && frame.key === key && frame.channel === channel,
  )
}

export function replace(box: Box, old: ModelFrame, frame: ModelFrame): Box {
  return box.map((item) => (item.kind === 'frame' && item.frame === old ? { kind: 'frame', frame } : item))
}

/** Of each key of a channel the newest value alone, in the place of the oldest. */
export function conflate(box: Box, channel: string | undefined): { box: Box; given: number } {
  const seen = new Set<string>()
  const kept = box.flatMap((item): Item[] => {
    const key = item.kind === 'frame' && item.frame.channel === channel ? item.frame.key : undefined
    if (item.kind !== 'frame' || key === undefined) return [item]
    if (seen.has(key)) return []
    seen.add(key)
    return [{ kind: 'frame', frame: latest(box, item.frame) ?? item.frame }]
  })
  return { box: mergeGaps(kept), given: box.length - kept.length }
}
