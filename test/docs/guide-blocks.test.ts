import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

import { type Block, blocksOf, blocksOfRepository, isProgram } from './blocks.ts'
import { typeCheck, writeBlocks } from './type-check.ts'

// Every TypeScript block of the documentation compiles. That they run is checked by block-runs.test.ts.

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-guide-blocks-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Bun has types of its own, which do not go together with those of Node. */
const elsewhere = ({ file, language }: Block): boolean =>
  language === 'js' || file === 'adapters/bun/README.md'
const found = blocksOfRepository(root).filter((block) => isProgram(block) && !elsewhere(block))
const programs = found.filter(({ ignored }) => ignored === undefined)
/** Shows that the compiler would notice. */
const wrong: Block = {
  file: 'control.md',
  line: 10,
  section: 'Control',
  language: 'ts',
  code: "import { Hub } from '@fanfare/core'\n\nnew Hub().broadcast('orders', 42)",
  ignored: undefined,
}
const all = [...programs, wrong]
writeBlocks(folder, root, all)

describe('the TypeScript blocks of the documentation', () => {
  it('are found', () => {
    expect(found.filter(({ file }) => file === 'README.md').length).toBeGreaterThan(0)
    expect(found.filter(({ file }) => file.startsWith('docs/guides/')).length).toBeGreaterThan(20)
  })

  it('compile against the sources', () => {
    const problem = expect.stringMatching(/^control\.md:12 TS2345: Argument of type 'number'/) as string
    expect(typeCheck(folder, root, all)).toEqual([problem])
  })

  it('are ignored only for a reason', () => {
    const without = found.filter(({ ignored }) => ignored === '')
    expect(without.map(({ file, line }) => `${file}:${String(line)}`)).toEqual([])
  })
})

describe('a block', () => {
  it('is what stands between two fences, and knows its line and its section', () => {
    const markdown =
      '# Title\n\n```ts\nconst a = 1\nconst b = 2\n```\n\n```sh\nls\n```\n\n## Next\n\n```\nc\n```'
    expect(blocksOf('x.md', markdown)).toMatchObject([
      { file: 'x.md', line: 4, language: 'ts', section: 'Title', code: 'const a = 1\nconst b = 2' },
      { line: 9, language: 'sh', section: 'Title 2', code: 'ls' },
      { line: 15, language: '', section: 'Next', code: 'c' },
    ])
  })

  it('inside another block is none', () => {
    const languages = blocksOf('x.md', '````md\n```ts\nlet a\n```\n````').map(({ language }) => language)
    expect(languages).toEqual(['md'])
  })

  it('may be ignored, with a reason', () => {
    const reasonOf = (fence: string): unknown => blocksOf('x.md', `${fence}\nlet a\n\`\`\``)[0]?.ignored
    expect(reasonOf('```ts ignore: shows the shape only')).toBe('shows the shape only')
    expect(reasonOf('```ts ignore')).toBe('')
    expect(reasonOf('```ts ignore:')).toBe('')
    expect(reasonOf('```ts')).toBeUndefined()
  })
})
