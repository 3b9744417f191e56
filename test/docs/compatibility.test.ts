import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { contractTests } from '@fanfare/core/testing'
import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'

import { ADAPTERS, COLUMNS } from '../adapters/skips.ts'
import { withTable } from './compatibility.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const README = join(root, 'README.md')

async function upToDate(page: string): Promise<string> {
  return format(withTable(page), { ...(await resolveConfig(README)), parser: 'markdown' })
}

/** The names under which the contract is run, wherever it is. */
function namesInTests(): string[] {
  const files = readdirSync(join(root, 'test/adapters'), { recursive: true, encoding: 'utf8' })
  const sources = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, 'test/adapters', file), 'utf8'))
  const calls = sources.flatMap((source) => [...source.matchAll(/connContract\(\s*(['"`])(.*?)\1/g)])
  return calls.flatMap(([, , name = '']) =>
    name.includes('${name}') ? ['Fastify', 'Hono'].map((app) => name.replace('${name}', app)) : [name],
  )
}

describe('the compatibility table in README.md', () => {
  it('says what the skips of the adapters say; node scripts/compatibility.mjs writes it', async () => {
    const fresh = await upToDate(readFileSync(README, 'utf8'))
    if (process.env['FANFARE_WRITE_README'] === '1') writeFileSync(README, fresh)
    expect(readFileSync(README, 'utf8')).toBe(fresh)
  })

  it('is of adapters that are declared', () => {
    const names = Object.values(COLUMNS).flat()
    expect(names.filter((name) => !Object.hasOwn(ADAPTERS, name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the declarations of the adapters', () => {
  it('are those under which the contract runs', () => {
    expect(namesInTests().toSorted()).toEqual(Object.keys(ADAPTERS).toSorted())
  })

  it.each(Object.entries(ADAPTERS))('leave most of it: %s', (_name, declaration) => {
    const tests = contractTests(declaration)
    const skipped = tests.filter((test) => test.skipped !== undefined)
    expect(skipped.filter((test) => test.skipped?.startsWith('the stand has no'))).toEqual([])
    expect(skipped.length).toBeLessThan(tests.length / 4)
  })

  it('name tests that there are, and give a reason', () => {
    const skipping = (reason: string, test: string) => (): unknown =>
      contractTests({ skip: [{ reason, tests: [test] }] })
    expect(skipping('a slip of the pen', 'wrting')).toThrow(/no test 'wrting'/)
    expect(skipping('inherited', 'toString')).toThrow(/no test 'toString'/)
    expect(skipping(' ', 'writing')).toThrow(/reason/)
  })
})

describe('a test that needs an ability', () => {
  const withReason = (declaration: Parameters<typeof contractTests>[0], part: string): unknown => [
    ...new Set(contractTests(declaration).flatMap((test) => (test.part === part ? [test.skipped] : []))),
  ]

  it('is skipped where the stand does not have it', () => {
    expect(withReason({}, 'admission')).toEqual(['the stand has no ask'])
    expect(withReason({ can: ['ask'] }, 'admission')).toEqual([undefined])
  })

  it('is skipped for another reason where one is given', () => {
    const skip = [{ reason: 'nobody is refused', tests: ['admission'] }]
    expect(withReason({ skip }, 'admission')).toEqual(['nobody is refused'])
  })
})
