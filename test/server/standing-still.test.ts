import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { serve } from '@fanfare/server'
import { expect, it, onTestFinished } from 'vitest'

/** The thread does nothing else for so long, as when garbage is collected or a large module is imported. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

it.each(['ws', 'fastify'] as const)(
  'a first request on %s that came while the server stood still is answered',
  { timeout: 60_000 },
  async (adapter) => {
    const running = await serve({ port: 0, adapter, handshakeTimeoutMs: 1_000 })
    onTestFinished(() => running.close())
    const asking = new Worker(new URL('../support/late-request.mjs', import.meta.url), {
      workerData: { port: running.port, afterMs: 1_000 },
    })
    onTestFinished(() => void asking.terminate())
    const answered = once(asking, 'message') as Promise<[string]>
    await once(asking, 'online')
    // Long enough for the connection to be taken, and not for the request to come.
    await new Promise((resolve) => setTimeout(resolve, 500))
    // In a timer: others that are due by then are judged before anything is read.
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        block(2_500)
        resolve()
      }, 0)
    })
    const [answer] = await answered
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  },
)
