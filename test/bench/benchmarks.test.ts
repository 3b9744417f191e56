import { describe, expect, it } from 'vitest'

import { benchmarks } from '../../bench/benchmarks.mjs'
import { options, USAGE, UsageError } from '../../bench/lib/options.mjs'
import { target } from '../../bench/lib/targets.mjs'
import { targetTable } from '../../bench/lib/targets-table.mjs'

const names = Object.keys(benchmarks)

describe('the benchmarks', () => {
  it('stay below five minutes together', () => {
    const seconds = Object.values(benchmarks).reduce((sum, one) => sum + one.seconds, 0)
    expect(seconds).toBeLessThan(300)
  })

  it.each(Object.entries(benchmarks))('can be loaded: %s', async (_name, { load }) => {
    expect(await load()).toBeTypeOf('function')
  })

  it('are all named in the help', () => {
    expect(names.filter((name) => !USAGE.includes(` ${name}`))).toEqual([])
  })
})

describe('the options', () => {
  it('are those of a run worth keeping when there are none, whatever is run', () => {
    expect(options([], names)).toMatchObject({ benchmarks: names, standard: true, budgetMs: undefined })
    expect(options(['fan-out'], names)).toMatchObject({ benchmarks: ['fan-out'], standard: true })
  })

  it('say where results go, and how long it may take', () => {
    const chosen = options(['--results', 'somewhere', '--budget', '20'], names)
    expect(chosen).toMatchObject({ standard: false, results: 'somewhere', budgetMs: 20_000 })
  })

  it('are refused when they are wrong', () => {
    expect(() => options(['--budget', 'soon'], names)).toThrow(UsageError)
    expect(() => options(['fan-in'], names)).toThrow(/no benchmark fan-in/)
  })
})

describe('the table of all targets', () => {
  const common = { work: 'some work', ours: 'fanfare-plain', against: 'ws', most: 0.5 }

  it('says what is measured against what, and whether it holds', () => {
    const holding = target({ ...common, unit: 'CPU', is: 0.5 })
    const missed = target({ ...common, unit: 'bytes', most: 100, is: 130 })
    const [, first, second] = targetTable([holding, missed]).split('\n')
    expect(first).toMatch(/some work +CPU: fanfare-plain \/ ws +0\.500 +0\.500 +holds$/)
    expect(second).toMatch(/some work +bytes: fanfare-plain +100 +130 +DOES NOT HOLD$/)
  })
})
