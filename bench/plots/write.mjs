// Writes docs/plots/*.svg, and the parts of README.md and docs/performance.md that speak of figures, from
// bench/results/*.json.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { benchmarks } from '../benchmarks.mjs'
import { readResults, RESULTS } from '../lib/results.mjs'
import { withFigures } from './performance.mjs'
import { plots } from './plots.mjs'
import { withSection } from './section.mjs'

const root = new URL('../../', import.meta.url)
const folder = new URL('docs/plots/', root)
const PAGES = { 'README.md': withSection, 'docs/performance.md': withFigures }

const results = readResults(RESULTS, Object.keys(benchmarks))
const drawn = plots(results)
mkdirSync(folder, { recursive: true })
for (const { name, svg } of drawn) writeFileSync(new URL(`${name}.svg`, folder), svg)
const files = drawn.map(({ name }) => `${name}.svg`)
for (const file of readdirSync(folder)) if (!files.includes(file)) rmSync(new URL(file, folder))
for (const [path, fill] of Object.entries(PAGES)) {
  const file = new URL(path, root)
  const config = await resolveConfig(fileURLToPath(file))
  const page = fill(readFileSync(file, 'utf8'), results, drawn)
  writeFileSync(file, await format(page, { ...config, parser: 'markdown' }))
}
console.log(`docs/plots: ${files.join(', ')}; ${Object.keys(PAGES).join(', ')}`)
