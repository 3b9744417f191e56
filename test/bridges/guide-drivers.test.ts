import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Driver } from '@fanfare/broadcasting'
import { driverContract, type StandOptions } from '@fanfare/broadcasting/testing'
import { afterAll, describe, expect, it } from 'vitest'

import { blocksOf } from '../docs/blocks.ts'
import { until } from '../support/until.ts'

// The drivers in the guide, as they stand there.

const root = fileURLToPath(new URL('../../', import.meta.url))
const GUIDE = 'docs/guides/write-your-own-driver.md'
const blocks = blocksOf(GUIDE, readFileSync(join(root, GUIDE), 'utf8'))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-driver-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Make = (bus: string, options: StandOptions) => Driver

async function fromGuide(name: string): Promise<Make> {
  const block = blocks.find(({ code }) => code.includes(`export function ${name}(`))
  if (!block) throw new Error(`${GUIDE} has no ${name}`)
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, block.code)
  return ((await import(file)) as Record<string, Make>)[name] as Make
}

let buses = 0

describe.each(['threads', 'engine'])('in the guide', async (name) => {
  const make = await fromGuide(name)
  const stand = async () => {
    const bus = `${name} ${String(++buses)}`
    return { connect: (options: StandOptions) => make(bus, options), close: async () => {} }
  }
  driverContract({ describe, it, expect }, name, stand, { can: ['nodes'] })
})

describe('the driver of few lines', () => {
  it('hears other threads', async () => {
    const driver = (await fromGuide('threads'))('real threads', { logger: () => {} })
    const heard: unknown[] = []
    await driver.subscribe('orders', ({ payload }) => void heard.push(payload))
    const worker = new Worker(SAYS_HI, { eval: true })
    await until(() => heard.length > 0, 'what the other thread says')
    expect(heard).toEqual(['hi'])
    await Promise.all([worker.terminate(), driver.close()])
  })
})

/** What is no event is ignored, and then there is one. */
const SAYS_HI = `
  const channel = new (require('node:worker_threads').BroadcastChannel)('real threads')
  for (const said of [null, 7, { channel: '*', payload: '' }]) channel.postMessage(said)
  channel.postMessage({ channel: 'orders', payload: 'hi' })
`
