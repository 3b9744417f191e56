import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

import { capabilitiesIn } from '../capability-claims.ts'

// That the tests it names ran and passed is checked at the end of a run, by test/reporter.ts.

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(root, 'docs/capabilities.md'), 'utf8')
const capabilities = capabilitiesIn(page)

/** What the table at the top says waits for which part: `56, 86 to 101` is 56, 86, 87, and so on. */
function rowsOfPart(part: string): number[] {
  const rows = new RegExp(`^\\| *${part} *\\|.*\\|([^|]*)\\|$`, 'm').exec(page)?.[1] ?? ''
  return rows.split(',').flatMap((range) => {
    const [first = NaN, last = first] = range.split(' to ').map(Number)
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
}

describe('docs/capabilities.md', () => {
  it('has each of the 112 rows once, in order', () => {
    expect(capabilities.map(({ row }) => row)).toEqual(Array.from({ length: 112 }, (_, at) => at + 1))
  })

  it('says in each row what it is, and how it is done here', () => {
    const silent = capabilities.filter(({ capability, inFanfare }) => capability === '' || inFanfare === '')
    expect(silent).toEqual([])
  })

  it('has in each row either tests that show it or the part it waits for, and nothing else', () => {
    const odd = capabilities.filter(
      ({ claims, waitsFor, unread }) => claims.length > 0 === (waitsFor !== undefined) || unread.length > 0,
    )
    expect(odd).toEqual([])
  })

  it.each(['many nodes'])('lists at the top what waits for: %s', (part) => {
    const waiting = capabilities.filter(({ waitsFor }) => waitsFor === part).map(({ row }) => row)
    expect(waiting).toEqual(rowsOfPart(part))
  })

  it('has nothing wait for anything else', () => {
    const parts = new Set(capabilities.map(({ waitsFor }) => waitsFor))
    expect(parts).toEqual(new Set([undefined, 'many nodes']))
  })

  it('names files that exist', () => {
    const files = new Set(capabilities.flatMap(({ claims }) => claims.map(({ file }) => file)))
    expect([...files].filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
