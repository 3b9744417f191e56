/** What one of the two dialects needs to read and write its messages. */
export interface VelocityDialect {
  /** The member that holds a message's name. */
  readonly key: 'type' | 'event'
  /** The members in which a name is looked for, in this order. */
  readonly keys: readonly string[]
  /** Whether a message for a handler has to bring data other than `null`. */
  readonly needsData: boolean
  /** Wall-clock time in milliseconds since 1970. */
  readonly now: () => number
}

/** The names of the messages that the protocol itself writes, apart from those of presence. */
const OWN_NAMES = [
  'welcome',
  'authenticated',
  'auth_required',
  'auth_failed',
  'unauthorized',
  'subscription_succeeded',
  'subscription_expiring',
  'unsubscription_succeeded',
  'messages_lost',
  'error',
  'rate_limit_exceeded',
  'ping',
  'pong',
] as const

const PRESENCE = 'presence:'

/** A name of a message that the protocol itself writes. */
export type OwnName = (typeof OWN_NAMES)[number] | `presence:${string}`

const OWN: ReadonlySet<string> = new Set(OWN_NAMES)

/** Whether a client that reads this name takes the message for one of the server itself. */
export function isOwnName(name: string): boolean {
  return OWN.has(name) || name.startsWith(PRESENCE)
}
