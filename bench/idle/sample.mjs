import { setTimeout as sleep } from 'node:timers/promises'

/** Samples of one figure, and the pause between them: what is freed late shows in a later one. */
const SAMPLES = 5
const PAUSE_MS = 100

/**
 * What a server holds at least, over several samples: it may hold more for a while, but never less than it needs.
 *
 * @param {import('../door/session.mjs').Session} session
 * @returns {Promise<{ rss: number, heap: number }>} bytes
 */
export async function settledMemory(session) {
  const samples = []
  for (let taken = 0; taken < SAMPLES; taken++) {
    await sleep(PAUSE_MS)
    samples.push(await session.memory())
  }
  return {
    rss: Math.min(...samples.map(({ rss }) => rss)),
    heap: Math.min(...samples.map(({ heap }) => heap)),
  }
}
