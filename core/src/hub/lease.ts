import type { Cancel } from '../ground/platform.ts'

/** What is known of a grant that can end, or be looked at again. */
export class Lease {
  /** What the client brought for it; handed to the authorizer when the grant is looked at again. */
  credentials: unknown
  /** Raised whenever the grant is asked for anew: an answer to an older question changes nothing. */
  generation = 0
  /** When the grant ends, in milliseconds since 1970. */
  expiresAt: number | undefined
  /** Stops the clock of a grant that expires. */
  cancelExpiry: Cancel | undefined
}
