import type { Messages } from './figures.ts'
import type { Quantiles } from './histogram.ts'
import type { Run } from './run.ts'
import type { LoadOptions } from './table.ts'
import type { Deliveries } from './tally.ts'

/** How a run came to its end: as it was told, by Ctrl-C, or because no client was left. */
export type Ending = 'done' | 'interrupted' | 'abandoned'

/** What a run found. `--json` prints it as it is. */
export interface Report {
  /** Whether everything that was published arrived once and in order, or was announced as missing. */
  readonly ok: boolean
  readonly ended: Ending
  /** How long messages were published. */
  readonly seconds: number
  readonly load: {
    readonly clients: number
    readonly channels: number
    readonly perClient: number
    /** Clients that published; 0 when a bus did. */
    readonly publishers: number
    readonly rate: number
    readonly bytes: number
  }
  readonly messages: Readonly<Messages>
  readonly deliveries: Deliveries & {
    /** Messages of others in the same channels. */
    readonly foreign: number
  }
  /** What the server announced: how often, by reason, and how many messages it named. */
  readonly gaps: { readonly slow: number; readonly bus: number; readonly counted: number }
  readonly connections: {
    readonly opened: number
    readonly failed: number
    readonly lost: number
    readonly reopened: number
  }
  readonly subscriptions: { readonly refused: number; readonly ended: number }
  /** From connecting to the greeting. */
  readonly handshakeMs: Quantiles
  /** From publishing to receiving. */
  readonly latencyMs: Quantiles
  readonly throughput: { readonly publishedPerSecond: number; readonly receivedPerSecond: number }
  /** Why something failed, the most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[]
}

/** Reasons that are told; the others are variations as a rule. */
const MOST_REASONS = 10

/** Closes the books of a run. @param publishMs - how long messages were published, in milliseconds */
export function reportOf(
  { ledger, figures }: Run,
  options: LoadOptions,
  ended: Ending,
  publishMs: number,
): Report {
  const deliveries = ledger.close()
  const { messages, foreign, gaps, connections, subscriptions, handshakes, latency } = figures
  const { clients, channels, perClient, publishers, rate, bytes } = options
  const perSecond = (count: number): number => (publishMs === 0 ? 0 : Math.round((count * 1_000) / publishMs))
  return {
    ok: isRight(deliveries, messages, ended),
    ended,
    seconds: Math.round(publishMs) / 1_000,
    load: { clients, channels, perClient, publishers, rate, bytes },
    messages: { ...messages },
    deliveries: { ...deliveries, foreign },
    gaps: { ...gaps },
    connections: { ...connections },
    subscriptions: { ...subscriptions },
    handshakeMs: handshakes.quantiles(),
    latencyMs: latency.quantiles(),
    throughput: {
      publishedPerSecond: perSecond(messages.published),
      receivedPerSecond: perSecond(deliveries.received),
    },
    reasons: figures.reasons().slice(0, MOST_REASONS),
  }
}

/** Where nothing was published nothing was shown, unless that was wished for. */
function isRight(
  { lost, reordered, duplicated, strange }: Deliveries,
  { sent, published }: Messages,
  ended: Ending,
): boolean {
  const shown = published > 0 || (sent === 0 && ended === 'interrupted')
  return shown && lost + reordered + duplicated + strange === 0
}
