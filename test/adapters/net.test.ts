import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Gateway } from '@fanfare/core'
import { afterAll, expect, test } from 'vitest'

import { connContract } from '../contracts/conn.contract.ts'
import { blocksOf } from '../docs/blocks.ts'
import { MALFORMED_PACKETS, NetPeer } from '../support/net-peer.ts'

// The adapter in the guide, as it stands there.

const root = fileURLToPath(new URL('../../', import.meta.url))
const GUIDE = 'docs/guides/write-your-own-adapter.md'
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-net-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const block = blocksOf(GUIDE, readFileSync(join(root, GUIDE), 'utf8')).find(({ code }) =>
  code.includes('function serve('),
)
if (!block) throw new Error(`${GUIDE} has no adapter`)
const file = join(folder, 'net.ts')
writeFileSync(file, block.code)
const { serve } = (await import(file)) as {
  serve(gateway: Gateway): Promise<{ readonly port: number; close(): Promise<void> }>
}

test('the adapter in the guide has fewer than 90 lines', () => {
  expect(block.code.split('\n').length).toBeLessThan(90)
})

connContract('net', async (gateway) => {
  const { port, close } = await serve(gateway)
  return {
    connect: () => NetPeer.open(port),
    ask: () => {
      let admitted = false
      gateway.hub.once('connect', () => (admitted = true))
      return NetPeer.ask(port, () => admitted)
    },
    malformed: MALFORMED_PACKETS,
    close,
  }
})
