import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'

import { benchmarks } from '../../bench/benchmarks.mjs'
import { readResults, RESULTS } from '../../bench/lib/results.mjs'
import { barChart } from '../../bench/plots/bars.mjs'
import { lineChart } from '../../bench/plots/lines.mjs'
import { withFigures } from '../../bench/plots/performance.mjs'
import { plots } from '../../bench/plots/plots.mjs'
import { withSection } from '../../bench/plots/section.mjs'
import { ground, planResults } from './plan-results.ts'

// What is committed is what `npm run bench:plots` makes of the committed results.

const root = fileURLToPath(new URL('../../', import.meta.url))
const README = join(root, 'README.md')
const PERFORMANCE = join(root, 'docs/performance.md')
const results = readResults(RESULTS, Object.keys(benchmarks))
const drawn = plots(results)

describe('docs/plots', () => {
  it('has the pictures of the committed results, and no others', () => {
    const files = readdirSync(join(root, 'docs/plots')).toSorted()
    expect(files).toEqual(drawn.map(({ name }) => `${name}.svg`).toSorted())
  })

  it.each(drawn.map((plot) => [plot.name, plot] as const))('shows what was measured: %s', (name, { svg }) => {
    expect(readFileSync(join(root, `docs/plots/${name}.svg`), 'utf8')).toBe(svg)
  })
})

describe('the section of README.md on performance', () => {
  it('says what the committed results say; npm run bench:plots writes it', async () => {
    const page = readFileSync(README, 'utf8')
    const config = { ...(await resolveConfig(README)), parser: 'markdown' }
    expect(page).toBe(await format(withSection(page, results, drawn), config))
  })

  it('has a row for each target and says which are missed', () => {
    const target = { work: 'fan-out, 1 per turn', ours: 'a', against: 'b', unit: 'CPU', most: 0.5, is: 0.6 }
    const some = [
      { ...target, holds: false },
      { ...target, work: 'fan-out, 10 per turn', is: 0.4, holds: true },
    ]
    const page = withSection(empty, { one: { ...ground, targets: some } }, [])
    expect(page).toContain('| fan-out, 1 per turn | CPU: a / b | 0.500 | 0.600 | missed |')
    expect(page).toContain('| fan-out, 10 per turn | CPU: a / b | 0.500 | 0.400 | ✓ |')
  })

  it('says apart what was measured on different days', () => {
    const page = withSection(empty, { one: ground, two: { ...ground, date: '2026-11-22' } }, [])
    expect(page).toMatch(/^one: 2026-11-21: .*node 20\.$/m)
    expect(page).toMatch(/^two: 2026-11-22: /m)
    expect(withSection(empty, { one: ground, two: ground }, [])).toMatch(/^Taken on 2026-11-21: /m)
  })

  it('needs its markers', () => {
    expect(() => withSection('# A page', {}, [])).toThrow(/performance:begin/)
  })
})

describe('docs/performance.md', () => {
  const parts = ['performance', 'quantities', 'plan'].map(
    (name) => `<!-- ${name}:begin --><!-- ${name}:end -->`,
  )
  const blank = parts.join('\n')

  it('says what the committed results say; npm run bench:plots writes it', async () => {
    const page = readFileSync(PERFORMANCE, 'utf8')
    const config = { ...(await resolveConfig(PERFORMANCE)), parser: 'markdown' }
    expect(page).toBe(await format(withFigures(page, results, drawn), config))
  })

  it('has all targets, and the pictures from where it is', () => {
    const target = { work: 'w', ours: 'a', against: 'b', unit: 'CPU', most: 0.5, is: 0.4, holds: true }
    const some = { one: { ...ground, targets: [target] } }
    const page = withFigures(blank, some, [{ name: 'a-plot', title: 'A plot', svg: '' }])
    expect(page).toContain('![A plot](plots/a-plot.svg)')
    expect(page).toContain('| w | CPU: a / b | 0.500 | 0.400 | ✓ |')
  })

  it('has the quantities to reckon with, and the plan that comes of them', () => {
    const page = withFigures(blank, planResults, [])
    expect(page).toMatch(/^\| `d\(10\)` \| .* \| fan-out \| 1\.50 µs \|$/m)
    expect(page).toMatch(/^\| `b` \| .* \| cluster \| 100 µs \|$/m)
    expect(page).toMatch(/^\| `h` \| .* \| connect \| 200 µs \|$/m)
    expect(page).toMatch(/^\| `m` \| .* \| idle \| 8,000 bytes \|$/m)
    expect(page).toContain('| nodes, with 1 to spare | 21 |')
    expect(page).toMatch(/^\| every connection, and no node \| 1,000,000 \| .* s \|/m)
    expect(page).toContain('And over time, clients, after every connection was lost:')
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('leaves out what was not measured, and says what to run', () => {
    const { 'fan-out': fanOut } = planResults
    const page = withFigures(blank, { 'fan-out': fanOut }, [])
    for (const name of ['cluster', 'connect', 'idle']) expect(page).toContain(`\`npm run bench -- ${name}\``)
    expect(page).not.toMatch(/`[bhm]` \||NaN|undefined|are back/)
    const none = withFigures(blank, {}, [])
    expect(none).toContain('`npm run bench -- fan-out`')
    expect(none).toContain('Nothing was measured yet.')
    expect(none).not.toMatch(/NaN|undefined|\|/)
  })

  it('needs the markers of each part', () => {
    for (const part of parts)
      expect(() => withFigures(blank.replace(part, ''), {}, [])).toThrow(/has no <!-- /)
  })
})

describe('a bar chart', () => {
  const rows = [
    { label: 'ours', ours: true },
    { label: 'a & b < c', ours: false },
  ]
  const svg = barChart({ title: 'T', subtitle: 'S', rows, panels: [{ title: 'P', values: [1, 4] }] })

  it('is as long as the figures say', () => {
    const widths = [...svg.matchAll(/<rect class="(?:ours|other)".* width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    )
    expect(widths).toHaveLength(2)
    expect(widths[1]).toBeCloseTo((widths[0] ?? 0) * 4, 0)
  })

  it('writes names as text, whatever is in them', () => {
    expect(svg).toContain('a &amp; b &lt; c')
  })

  it('leaves out what was not measured', () => {
    const one = barChart({
      title: 'T',
      subtitle: 'S',
      rows,
      panels: [{ title: 'P', values: [1, undefined] }],
    })
    expect([...one.matchAll(/<rect class="(?:ours|other)"/g)]).toHaveLength(1)
    expect(one).not.toContain('NaN')
  })
})

describe('a line chart', () => {
  const series = (label: string, values: number[]) => ({ label, ours: true, dashed: false, values })
  const chart = (...all: ReturnType<typeof series>[]): string =>
    lineChart({ title: 'T', subtitle: 'S', ticks: ['1', '10', '100'], series: all })

  it('rises by the same for ten times as much', () => {
    const points = /points="([^"]+)"/.exec(chart(series('a', [1, 10, 100])))?.[1]?.split(' ') ?? []
    const [first = 0, second = 0, third = 0] = points.map((point) => Number(point.split(',')[1]))
    expect(first - second).toBeGreaterThan(10)
    expect(second - third).toBeCloseTo(first - second, 0)
  })

  it('keeps the labels of lines apart that end at the same place', () => {
    const svg = chart(series('a', [1, 2, 3]), series('b', [1, 2, 3]))
    const ends = [...svg.matchAll(/y="([\d.]+)">[ab]: 3/g)].map(([, y]) => Number(y))
    expect(ends).toHaveLength(2)
    expect(Math.abs((ends[0] ?? 0) - (ends[1] ?? 0))).toBeGreaterThanOrEqual(12)
  })
})

const empty = '<!-- performance:begin --><!-- performance:end -->'
