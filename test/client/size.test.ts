import { gzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { bundleOf } from './support/bundle.ts'

const LIMIT_BYTES = 8_192

describe('the client as a page loads it', () => {
  it(`is smaller than ${String(LIMIT_BYTES)} bytes, minified and compressed`, async () => {
    const code = await bundleOf(`export { FanfareClient } from '@fanfare/client'`)
    expect(code).toContain('FanfareClientError')
    expect(gzipSync(code, { level: 9 }).length).toBeLessThan(LIMIT_BYTES)
  })

  it('brings nothing of other packages', async () => {
    const code = await bundleOf(`export * from '@fanfare/client'`)
    expect(/\bimport\b|eventemitter|Buffer|process\b/.exec(code)?.[0]).toBeUndefined()
  })

  it('leaves out what is not used', async () => {
    const code = await bundleOf(`export { websocket } from '@fanfare/client'`)
    expect(gzipSync(code).length).toBeLessThan(512)
    expect(await bundleOf(`import '@fanfare/client'`)).toBe('')
  })
})
