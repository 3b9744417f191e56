import type { Clock, Cancel } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'

/** How often a full transport is looked at, at most. */
const LOOK_MS = 500

/** A transport that is full. */
export interface Stalled {
  readonly conn: { readonly bufferedBytes: number }
  readonly wheel: TimerWheel
  readonly clock: Clock
  /** Milliseconds without a byte taken after which it is given up. */
  readonly timeoutMs: number
  /** Called when it is given up. */
  readonly giveUp: () => void
}

/** Looks again and again whether a full transport still takes bytes. Returns how to stop. */
export function watchStalled({ conn, wheel, clock, timeoutMs, giveUp }: Stalled): Cancel {
  let bytes = conn.bufferedBytes
  let since = clock.monotonic()
  let cancel = wheel.after(Math.min(LOOK_MS, timeoutMs), look)

  function look(): void {
    const left = conn.bufferedBytes
    const now = clock.monotonic()
    if (left < bytes) since = now
    bytes = left
    if (now - since >= timeoutMs) giveUp()
    else cancel = wheel.after(Math.min(LOOK_MS, timeoutMs), look)
  }

  return () => cancel()
}
