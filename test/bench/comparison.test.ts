import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { changeTable, compare, fails } from '../../bench/lib/comparison.mjs'
import { target } from '../../bench/lib/targets.mjs'

// What `npm run bench:check` makes of two runs.

const ratio = (is: number, work = 'fan-out, 10 per turn') =>
  target({ work, ours: 'fanfare-plain', against: 'socket.io', unit: 'CPU', most: 0.1, is })

const verdict = (before: number, after: number) => compare([ratio(before)], [ratio(after)])[0]?.verdict

describe('a target that is measured again', () => {
  it.each([
    [0.08, 0.1, 'same'],
    [0.08, 0.101, 'worse'],
    [0.08, 0.0601, 'same'],
    [0.08, 0.05, 'better'],
    [-100, -80, 'same'],
    [-100, -60, 'worse'],
    [0, 0.001, 'same'],
    [0, 0.002, 'worse'],
    [0.08, Number.NaN, 'missing'],
  ])('from %d to %d: %s', (before, after, expected) => {
    expect(verdict(before, after)).toBe(expected)
  })

  it('fails when it is worse, even if it holds still', () => {
    const [change] = compare([ratio(0.02)], [ratio(0.04)])
    expect(change?.target.holds).toBe(true)
    expect(change && fails(change)).toBe(true)
  })

  it('does not fail because it does not hold, if it did not before', () => {
    const [change] = compare([ratio(0.2)], [ratio(0.21)])
    expect(change && fails(change)).toBe(false)
  })
})

describe('targets of two runs', () => {
  it('are compared by work, sides and unit', () => {
    const wall = { ...ratio(0.5), unit: 'wall' }
    const changes = compare([ratio(0.1), wall], [wall, ratio(0.1)])
    expect(changes.map(({ now }) => now)).toEqual([0.1, 0.5])
  })

  it('fail where one is not measured any more, not where one is new', () => {
    const changes = compare([ratio(0.1, 'old')], [ratio(0.1, 'young')])
    expect(changes.map((change) => [change.target.work, change.verdict, fails(change)])).toEqual([
      ['old', 'missing', true],
      ['young', 'new', false],
    ])
  })

  it('are shown with the change', () => {
    const text = changeTable(compare([ratio(0.1), ratio(0.1, 'gone')], [ratio(0.15), ratio(0.2, 'young')]))
    const [, first, second, third] = text.split('\n')
    expect(first).toMatch(
      /fan-out, 10 per turn .*fanfare-plain \/ socket\.io .*0\.100 .*0\.150 .*\+50 % .*WORSE/,
    )
    expect(second).toMatch(/gone .*0\.100 +- +- +NOT MEASURED/)
    expect(third).toMatch(/young .*- +0\.200 +- +new/)
  })
})

describe('bench/check.mjs', () => {
  const check = (...args: string[]) => {
    const script = fileURLToPath(new URL('../../bench/check.mjs', import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    return { status, stderr }
  }

  it('refuses where nothing is committed to compare with', () => {
    // It has no targets.
    expect(check('adapters')).toMatchObject({ status: 2, stderr: expect.stringContaining('adapters') })
  })

  it('refuses what it does not know, and options that change the figures', () => {
    expect(check('fan-in')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no benchmark fan-in'),
    })
    expect(check('fan-out', '--rounds', '1')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--rounds'),
    })
  })
})
