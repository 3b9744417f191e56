import { serve } from '@fanfare/server'
import { expect, it, onTestFinished } from 'vitest'

import { chunk, head, RawHttp, whole } from '../support/raw-http.ts'
import { until } from '../support/until.ts'

it.each(['ws', 'fastify'] as const)(
  'an answer of %s to a body that nobody reads lets its connection go on, or ends it',
  async (adapter) => {
    const running = await serve({ port: 0, demo: true, adapter })
    onTestFinished(() => running.close())
    const endings: unknown[] = []
    for (const target of ['/health', '/', '/nothing', '/app.js']) {
      for (const body of [
        whole('POST', target, 'x'.repeat(100)),
        whole('POST', target, 'x'.repeat(1_500_000)),
        head('POST', target, { 'transfer-encoding': 'chunked' }) + chunk('x'.repeat(1_000_000)) + chunk(''),
        whole('GET', target, 'x'.repeat(1_500_000)),
      ]) {
        const raw = new RawHttp(running.port)
        raw.write(body + head('GET', '/health'))
        await until(() => raw.statuses.length === 2 || raw.closed, `what comes after a body to ${target}`)
        endings.push(raw.closed && raw.statuses.length === 1 ? 200 : raw.statuses[1])
        raw.destroy()
      }
    }
    expect(endings).toEqual(Array.from({ length: 16 }, () => 200))
  },
)

it.each(['ws', 'fastify'] as const)('a body without an end is cut by %s', async (adapter) => {
  const running = await serve({ port: 0, adapter })
  onTestFinished(() => running.close())
  const raw = new RawHttp(running.port)
  raw.write(head('POST', '/health', { 'transfer-encoding': 'chunked' }))
  const timer = setInterval(() => raw.write(chunk('x'.repeat(1_000))), 5)
  onTestFinished(() => clearInterval(timer))
  // Far less than the time that a whole request may take.
  await until(() => raw.closed, 'its end', 4_000)
  expect(raw.statuses).toEqual([405])
})
