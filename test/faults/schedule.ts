import { seededRandom } from '../../bench/lib/random.mjs'

/** What can happen to the bus as a whole. */
export const SERVER_FAULTS = ['kill', 'pause'] as const
/** What can happen between one node and the bus. */
export const LINK_FAULTS = [
  'reset',
  'refuse',
  'black hole up',
  'black hole down',
  'black hole',
  'hold up',
  'hold down',
  'hold',
  'delay',
  'cut',
  'duplicate',
  'reorder',
] as const

/** What other nodes can do. */
export const NODE_FAULTS = ['another version'] as const

export type FaultKind =
  (typeof SERVER_FAULTS)[number] | (typeof LINK_FAULTS)[number] | (typeof NODE_FAULTS)[number]

export interface Fault {
  readonly kind: FaultKind
  /** Whose link; of no meaning for faults of the server and of other nodes. */
  readonly node: number
  /** When it begins, in milliseconds after the last one was over. */
  readonly afterMs: number
  readonly lastsMs: number
}

/** Two to four faults, one after the other, the same for the same seed. */
export function scheduleOf(seed: number, nodes: number): Fault[] {
  const random = seededRandom(seed)
  const kinds: readonly FaultKind[] = [...SERVER_FAULTS, ...SERVER_FAULTS, ...LINK_FAULTS, ...NODE_FAULTS]
  const upTo = (most: number): number => Math.floor(random() * most)
  // The first few outcomes of a generator with a small seed are much alike.
  for (let skip = 0; skip < 10; skip++) random()
  return Array.from({ length: 2 + upTo(3) }, () => ({
    kind: kinds[upTo(kinds.length)] ?? 'reset',
    node: upTo(nodes),
    afterMs: 50 + upTo(250),
    lastsMs: 100 + upTo(1_100),
  }))
}

/** For the output of a test: what happened, so that it can happen again. */
export function printed(seed: number, faults: readonly Fault[]): string {
  const each = faults.map(
    ({ kind, node, afterMs, lastsMs }) => `+${afterMs} ms ${kind} (node ${node}) for ${lastsMs} ms`,
  )
  return `seed ${seed}: ${each.join('; ')}`
}
