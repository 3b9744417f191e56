/** Far more than anything here takes: a test that waits so long has failed. */
const PATIENCE_MS = 10_000

/** Resolves as soon as `condition` holds; rejects, saying `what` was waited for, when it never does. */
export async function until(condition: () => unknown, what: string, patienceMs = PATIENCE_MS): Promise<void> {
  const end = performance.now() + patienceMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${String(patienceMs)} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Lets everything happen that is due now: a few turns of the event loop. */
export async function turns(count = 3): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve))
}
