import { hostPlatform } from '../../ground/platform.ts'

/** Far more than anything here takes: a test that waits so long has failed. */
const PATIENCE_MS = 10_000
const PAUSE_MS = 2

const { clock, scheduler } = hostPlatform()

/** Resolves as soon as `condition` holds; rejects, saying `what` was waited for, when it never does. */
export async function until(condition: () => unknown, what: string): Promise<void> {
  const end = clock.monotonic() + PATIENCE_MS
  while (!condition()) {
    if (clock.monotonic() > end) throw new Error(`waited ${String(PATIENCE_MS)} ms for: ${what}`)
    await new Promise<void>((resolve) => scheduler.after(PAUSE_MS, resolve))
  }
}

/** Lets everything happen that is due now: a few turns of the event loop. */
export async function turns(count = 3): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise<void>((resolve) => scheduler.turn(resolve))
}

/** Text that no compression makes much smaller; the same in every run. */
export function noise(length: number): string {
  let state = 12_345
  let text = ''
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647
    text += state.toString(36)
  }
  return text.slice(0, length)
}

/** The size of a message in bytes. */
export { utf8Size } from '../../ground/platform.ts'

/** Whether two messages are the same bytes. Quicker than `toEqual` where there are many of them. */
export function sameBytes(one: string | Uint8Array | undefined, other: Uint8Array): boolean {
  if (!(one instanceof Uint8Array) || one.length !== other.length) return false
  return other.every((byte, at) => byte === one[at])
}
