import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

// 1,000 frames of 20 KB, 20 MB together, of which a node has to remember a name, a ref or credentials of 30 characters each, or
// only that it refused them. Engines keep a part of a text as a view of the whole.

const root = fileURLToPath(new URL('../../', import.meta.url))
const script = fileURLToPath(new URL('../support/kept-texts.mjs', import.meta.url))
const run = promisify(execFile)

const MOST_BYTES = 8_000_000

describe.each([
  ['Node', process.execPath, ['--expose-gc', script]],
  ['Bun', `${root}node_modules/.bin/bun`, [script]],
])('what is kept of large frames on %s', (_engine, command, args) => {
  it('is what is needed of them, and hardly more, in every protocol', { timeout: 120_000 }, async () => {
    const { stdout } = await run(command, args, { cwd: root })
    const kept = Object.entries(JSON.parse(stdout) as Record<string, number>)
    expect(kept.length).toBeGreaterThan(10)
    expect(kept.filter(([, bytes]) => bytes > MOST_BYTES)).toEqual([])
  })
})
