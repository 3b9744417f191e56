import { gzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { bundleOf } from './support/bundle.ts'

const SLIM_BYTES = 9_216
const FULL_BYTES = 12_288

async function sizeOf(source: string): Promise<number> {
  const code = await bundleOf(source)
  expect(code).toContain('FanfareClientError')
  return gzipSync(code, { level: 9 }).length
}

describe('the client as a page loads it', () => {
  it(`is smaller than ${String(SLIM_BYTES)} bytes, minified and compressed, with WebSocket alone`, async () => {
    const size = await sizeOf(`export { FanfareClient } from '@fanfare/client/slim'`)
    expect(size, `${String(size)} bytes`).toBeLessThan(SLIM_BYTES)
  })

  it(`and smaller than ${String(FULL_BYTES)} bytes with all transports`, async () => {
    const size = await sizeOf(`export { FanfareClient } from '@fanfare/client'`)
    expect(size, `${String(size)} bytes`).toBeLessThan(FULL_BYTES)
  })

  it('brings nothing of other packages', async () => {
    const code = await bundleOf(`export * from '@fanfare/client'`)
    expect(/\bimport\b|eventemitter|Buffer|process\b/.exec(code)?.[0]).toBeUndefined()
  })

  it('leaves out what is not used', async () => {
    const code = await bundleOf(`export { websocket } from '@fanfare/client'`)
    expect(gzipSync(code).length).toBeLessThan(512)
    expect(await bundleOf(`import '@fanfare/client'`)).toBe('')
    expect(await bundleOf(`export { FanfareClient } from '@fanfare/client/slim'`)).not.toContain(
      'event-stream',
    )
  })
})
