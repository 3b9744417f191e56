import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

import { eachSetting, LATER, variableOf } from '../../server/src/config/table.ts'
import { eachLoadOption, loadVariableOf } from '../../server/src/load/table.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const guide = readFileSync(`${root}docs/guides/server.md`, 'utf8')

/** The rows of the guide's tables, without the spaces that the formatter puts in. */
const rows = guide
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.replace(/\s+/g, ' ').trim())

describe('the guide', () => {
  it.each(eachSetting())('has the setting %s, as the table of settings has it', (_name, setting) => {
    const { flag, value, written, help, kind } = setting
    const option = value === undefined ? `--${flag}` : `--${flag} ${value}`
    expect(rows).toContain(
      `| \`${option}\` | \`${variableOf(flag)}\` | \`${written}\` | ${help}. Takes ${kind.takes}. |`,
    )
  })

  it('has no setting that is none', () => {
    const known = new Set([
      ...eachSetting().map(([, { flag }]) => variableOf(flag)),
      ...LATER.flatMap(({ variables }) => variables),
      ...eachLoadOption().map(([, { flag }]) => loadVariableOf(flag)),
      'FANFARE_BENCH',
    ])
    const named = [...guide.matchAll(/FANFARE_[A-Z_]*[A-Z]/g)].map(([name]) => name)
    expect(named.filter((name) => !known.has(name))).toEqual([])
    for (const { variables } of LATER) expect(named).toEqual(expect.arrayContaining([...variables]))
  })
})

describe("the page's scripts", () => {
  it('pass the compiler, which reads their comments', () => {
    const tsc = `${root}node_modules/typescript/bin/tsc`
    const said = execFileSync(process.execPath, [tsc, '-p', `${root}server/page`], { encoding: 'utf8' })
    expect(said).toBe('')
  })
})
