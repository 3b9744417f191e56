import { describe, expect, it } from 'vitest'

import { brokenClaims, capabilitiesIn, type Claim, outcomesOf } from '../capability-claims.ts'

const row = (number: string, shownBy: string): string => `| ${number} | what | \`how\` | ${shownBy} |`

describe('a row of the capabilities', () => {
  it('names a test by its file and its full name', () => {
    expect(capabilitiesIn(row('7 ', '`test/core/a.test.ts` › "a hub > counts "a"" '))).toEqual([
      {
        row: 7,
        capability: 'what',
        inFanfare: '`how`',
        claims: [{ row: 7, file: 'test/core/a.test.ts', test: 'a hub > counts "a"' }],
        waitsFor: undefined,
        unread: [],
      },
    ])
  })

  it('may name several, or the part it waits for', () => {
    const page = [
      '| # | capability | in Fanfare | shown by |',
      '| - | - | - | - |',
      row('1', '`test/a.test.ts` › "a"<br>`test/b.test.ts` › "b"'),
      row('2', 'waits for: many nodes'),
    ].join('\n')
    expect(capabilitiesIn(page)).toMatchObject([
      { row: 1, claims: [{ file: 'test/a.test.ts' }, { file: 'test/b.test.ts' }], waitsFor: undefined },
      { row: 2, claims: [], waitsFor: 'many nodes' },
    ])
  })

  it.each(['', 'trust me', '`test/a.ts` › "a"', '`test/a.test.ts` › ""', '`test/a.test.ts` › a'])(
    'claims nothing by: %j',
    (shownBy) => {
      expect(capabilitiesIn(row('1', shownBy))).toMatchObject([
        { claims: [], waitsFor: undefined, unread: [shownBy] },
      ])
    },
  )
})

describe('the claims', () => {
  const claims: Claim[] = [
    { row: 1, file: 'test/a.test.ts', test: 'a > first' },
    { row: 2, file: 'test/b.test.ts', test: 'b > second' },
  ]
  const passed = outcomesOf([['a > first', 'passed']])

  it('are borne out by tests that passed', () => {
    const ran = new Map([
      ['test/a.test.ts', passed],
      ['test/b.test.ts', outcomesOf([['b > second', 'passed']])],
    ])
    expect(brokenClaims(claims, ran, true)).toEqual([])
  })

  it.each(['failed', 'skipped', 'pending'])(
    'are broken by a test that is %s, and the run says so',
    (state) => {
      const ran = new Map([
        ['test/a.test.ts', passed],
        ['test/b.test.ts', outcomesOf([['b > second', state]])],
      ])
      const said = [`docs/capabilities.md row 2: test/b.test.ts › "b > second" did not pass (${state})`]
      expect(brokenClaims(claims, ran, true)).toEqual(said)
      expect(brokenClaims(claims, ran, false)).toEqual(said)
    },
  )

  it('are broken by a name that no test of the file has', () => {
    const ran = new Map([['test/a.test.ts', outcomesOf([['a > First', 'passed']])]])
    const said = ['docs/capabilities.md row 1: test/a.test.ts › "a > first" did not run']
    expect(brokenClaims(claims, ran, false)).toEqual(said)
  })

  it('about a file that did not run are broken if the run was of the whole suite, and else left alone', () => {
    const ran = new Map([['test/a.test.ts', passed]])
    const said = ['docs/capabilities.md row 2: test/b.test.ts › "b > second" did not run']
    expect(brokenClaims(claims, ran, true)).toEqual(said)
    expect(brokenClaims(claims, ran, false)).toEqual([])
  })

  it('are not borne out by one of several tests of a name', () => {
    for (const states of [
      ['passed', 'failed'],
      ['failed', 'passed'],
    ]) {
      const ran = new Map([['test/a.test.ts', outcomesOf(states.map((state) => ['a > first', state]))]])
      expect(brokenClaims(claims, ran, false)).toHaveLength(1)
    }
  })
})
