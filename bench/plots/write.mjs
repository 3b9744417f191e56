// Writes docs/plots/*.svg and the section of README.md on performance, from bench/results/*.json.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { benchmarks } from '../benchmarks.mjs'
import { readResults, RESULTS } from '../lib/results.mjs'
import { plots } from './plots.mjs'
import { withSection } from './section.mjs'

const folder = new URL('../../docs/plots/', import.meta.url)
const readme = new URL('../../README.md', import.meta.url)

const results = readResults(RESULTS, Object.keys(benchmarks))
const drawn = plots(results)
mkdirSync(folder, { recursive: true })
for (const { name, svg } of drawn) writeFileSync(new URL(`${name}.svg`, folder), svg)
const files = drawn.map(({ name }) => `${name}.svg`)
for (const file of readdirSync(folder)) if (!files.includes(file)) rmSync(new URL(file, folder))
const page = withSection(readFileSync(readme, 'utf8'), results, drawn)
const config = await resolveConfig(fileURLToPath(readme))
writeFileSync(readme, await format(page, { ...config, parser: 'markdown' }))
console.log(`docs/plots: ${files.join(', ')}; README.md`)
