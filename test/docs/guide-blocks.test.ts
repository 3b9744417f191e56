import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

import { type Block, blocksOf, blocksOfRepository } from './blocks.ts'
import { fileOf, typeCheck, writeBlocks } from './type-check.ts'

// Every TypeScript block of the documentation compiles. Those of the guides below run, too.
const PROGRAMS = ['docs/guides/testing.md']

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-guide-blocks-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const found = blocksOfRepository(root)
const programs = found.filter(({ ignored }) => ignored === undefined)
/** Shows that the compiler would notice. */
const wrong: Block = {
  file: 'control.md',
  line: 10,
  code: "import { Hub } from '@fanfare/core'\n\nnew Hub().broadcast('orders', 42)",
  ignored: undefined,
}
const all = [...programs, wrong]
writeBlocks(folder, root, all)

describe('the TypeScript blocks of the documentation', () => {
  it('are found', () => {
    expect(found.filter(({ file }) => file === 'README.md').length).toBeGreaterThan(0)
    for (const file of PROGRAMS) expect(found.some((block) => block.file === file)).toBe(true)
  })

  it('compile against the sources', () => {
    const problem = expect.stringMatching(/^control\.md:12 TS2345: Argument of type 'number'/) as string
    expect(typeCheck(folder, root, all)).toEqual([problem])
  })

  it('are ignored only for a reason', () => {
    const without = found.filter(({ ignored }) => ignored === '')
    expect(without.map(({ file, line }) => `${file}:${String(line)}`)).toEqual([])
  })

  const runnable = programs.flatMap((block, at) =>
    PROGRAMS.includes(block.file)
      ? [[`${block.file}:${String(block.line)}`, fileOf(at), block.code] as const]
      : [],
  )
  it.each(runnable)('run: %s', { timeout: 5_000 }, async (_where, file, code) => {
    expect(code).toContain("import assert from 'node:assert/strict'")
    await import(join(folder, file))
  })
})

describe('a block', () => {
  it('is what stands between two fences of TypeScript, and knows its line', () => {
    const markdown =
      '# Title\n\n```ts\nconst a = 1\nconst b = 2\n```\n\n```sh\nls\n```\n\n```typescript\nlet c\n```'
    expect(blocksOf('x.md', markdown)).toEqual([
      { file: 'x.md', line: 4, code: 'const a = 1\nconst b = 2', ignored: undefined },
      { file: 'x.md', line: 13, code: 'let c', ignored: undefined },
    ])
  })

  it('inside another fence is none', () => {
    expect(blocksOf('x.md', '````md\n```ts\nlet a\n```\n````')).toEqual([])
  })

  it('may be ignored, with a reason', () => {
    const reasonOf = (fence: string): unknown => blocksOf('x.md', `${fence}\nlet a\n\`\`\``)[0]?.ignored
    expect(reasonOf('```ts ignore: shows the shape only')).toBe('shows the shape only')
    expect(reasonOf('```ts ignore')).toBe('')
    expect(reasonOf('```ts ignore:')).toBe('')
    expect(reasonOf('```ts')).toBeUndefined()
  })
})
