import type { DropCounts } from '../hub/counters.ts'
import type { Traffic } from './gateway-client.ts'
import type { JournalEntry } from './journal.ts'

/** Everything this node knows of one client. */
export interface Explanation {
  readonly id: string
  readonly connected: boolean
  /** Of a client that is here. */
  readonly now?: {
    readonly user: string | undefined
    readonly protocol: string
    readonly remoteAddress: string | undefined
    /** `expiresAt`: when the grant ends, in milliseconds since 1970. */
    readonly channels: readonly { readonly channel: string; readonly expiresAt: number | undefined }[]
    readonly groups: readonly string[]
    readonly queued: { readonly frames: number; readonly bytes: number }
    readonly drops: DropCounts
    readonly received: Traffic
    readonly sent: Traffic
  }
  /** The last things that happened to it, oldest first, as far as this node remembers. */
  readonly history: readonly JournalEntry[]
}
