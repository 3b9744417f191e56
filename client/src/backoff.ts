/**
 * What a lost connection asks for: `never` come back, come back `later` (not yet), `soon`, or `retry` when the server said
 * nothing.
 */
export type Verdict = 'never' | 'later' | 'soon' | 'retry'

/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Where it begins, in milliseconds. @defaultValue `500` */
  readonly baseMs: number
  /** Where it ends, in milliseconds. @defaultValue `20_000` */
  readonly maxMs: number
}

/** What a close code asks for. The ranges are those of Pusher; one rule serves every server. 1000 is an ordinary end. */
export function verdictOf(code: number): Verdict {
  if (code === 1000 || (code >= 4000 && code < 4100)) return 'never'
  if (code >= 4100 && code < 4200) return 'later'
  if (code >= 4200 && code < 4300) return 'soon'
  return 'retry'
}

/** What a refused request may be tried again for; the rest stays refused until the application asks anew. */
export function isTransient(code: string, afterMs?: number): boolean {
  // A server that says when to ask again means it.
  return afterMs !== undefined || TRANSIENT.includes(code)
}

const TRANSIENT = ['timeout', 'internal', 'rate', 'over-capacity', 'shutdown', 'auth']

/** How many times the base the first bound is doubled. */
const DOUBLINGS = { soon: 1, retry: 2, later: 3 }

/**
 * Milliseconds until the next attempt. Full jitter: anything between nothing and a bound that doubles with each attempt,
 * so that thousands of clients that lost the same server do not come back at the same moment. Who was told `later` waits
 * at least half of it.
 *
 * @param attempt - how many attempts were made since things last went well
 * @param random - from 0 up to 1
 */
export function delayMs(
  verdict: Exclude<Verdict, 'never'>,
  attempt: number,
  { baseMs, maxMs }: BackoffOptions,
  random: number,
): number {
  const bound = Math.min(maxMs, baseMs * 2 ** (attempt + DOUBLINGS[verdict]))
  return bound * (verdict === 'later' ? 0.5 + random / 2 : random)
}
