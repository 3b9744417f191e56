import type { Cancel } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'

/** How often a full transport is looked at, at most. */
const LOOK_MS = 500

/** Where it is looked. */
export interface StallWatchHost {
  readonly wheel: TimerWheel
  /** Milliseconds without a byte taken after which a transport is given up; 0: never. */
  readonly limits: { readonly writeTimeoutMs: number }
}

/**
 * Looks again and again whether a full transport still takes bytes. Returns how to stop.
 *
 * @param giveUp - called when it is given up
 */
export function watchStalled(
  { wheel, limits }: StallWatchHost,
  conn: { readonly bufferedBytes: number },
  giveUp: () => void,
): Cancel | undefined {
  const timeoutMs = limits.writeTimeoutMs
  if (timeoutMs === 0) return undefined
  let bytes = conn.bufferedBytes
  let since = wheel.now
  let cancel = wheel.after(Math.min(LOOK_MS, timeoutMs), look)

  function look(): void {
    const left = conn.bufferedBytes
    const { now } = wheel
    if (left < bytes) since = now
    bytes = left
    if (now - since >= timeoutMs) giveUp()
    else cancel = wheel.after(Math.min(LOOK_MS, timeoutMs), look)
  }

  return () => cancel()
}
