const WORDS = [
  'bad-frame',
  'invalid',
  'unknown',
  'auth-expected',
  'unauthorized',
  'forbidden',
  'expired',
  'bad-name',
  'not-subscribed',
  'not-found',
  'too-large',
  'rate',
  'limit',
  'disabled',
  'no-app',
  'bad-version',
  'timeout',
  'local-only',
  'internal',
  'closed',
  'cancelled',
  'over-capacity',
  'shutdown',
  'idle',
  'slow',
  'gap',
  'terminated',
] as const

/**
 * Why something was refused, or a connection ended. Words in the hub; each protocol has its own numbers for them.
 *
 * Refusals: `bad-frame` (not a legal frame), `invalid` (data that the contract refuses), `unknown` (no such verb or handler), `auth-expected`, `unauthorized`,
 * `forbidden`, `expired`, `bad-name` (channel name), `not-subscribed`, `not-found`, `too-large`, `rate`, `limit`,
 * `disabled`, `no-app`, `bad-version`, `timeout`, `local-only` (the bus is down: delivered by this node alone), `cancelled` (called off by a later request), `internal`.
 *
 * Ends: `closed` (an ordinary end), `over-capacity`, `shutdown`, `idle` (no sign of life), `slow` (a slow consumer),
 * `gap` (messages were lost and the protocol has no word for it), `terminated` (by an administrator), and any refusal
 * that a protocol takes so seriously.
 */
export type Why = (typeof WORDS)[number]

/** Whether `value` is one of the words of {@link Why}. For what comes from outside. */
export function isWhy(value: unknown): value is Why {
  return (WORDS as readonly unknown[]).includes(value)
}
