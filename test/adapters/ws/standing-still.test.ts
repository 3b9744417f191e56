import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { expect, it, onTestFinished } from 'vitest'

import { liveGateway } from '../../support/live-gateway.ts'

const CLIENTS = 200

/** The thread does nothing else for so long, as when garbage is collected or a large module is imported. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

it('closes no healthy client because the process itself stood still', async () => {
  const { url, hub, gone } = await liveGateway({
    realTime: true,
    heartbeat: { intervalMs: 600, timeoutMs: 500 },
  })
  const clients = new Worker(new URL('../../support/healthy-clients.mjs', import.meta.url), {
    workerData: { url: `${url}/`, count: CLIENTS },
  })
  onTestFinished(() => void clients.terminate())
  await once(clients, 'message')
  expect(hub.stats().clients).toBe(CLIENTS)
  for (let piece = 0; piece < 6; piece++) {
    block(1_200)
    await new Promise(setImmediate)
  }
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const answer = once(clients, 'message')
  clients.postMessage('closed?')
  expect(await answer).toEqual([[]])
  expect(gone).toEqual([])
})
