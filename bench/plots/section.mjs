// The part of README.md that speaks of figures. Nothing in it is written by hand.
import { environmentLine } from '../lib/environment.mjs'
import { targetsOf } from '../lib/results.mjs'
import { figure } from '../lib/table.mjs'
import { comparison } from '../lib/targets-table.mjs'

const BEGIN = '<!-- performance:begin -->'
const END = '<!-- performance:end -->'

const INTRO = `## Performance

Each picture shows one run on one machine, on the loopback interface: compare what is within a picture, not across machines.
[docs/benchmarks.md](docs/benchmarks.md) says what is measured, and how; \`npm run bench\` takes the figures anew.`

const TARGETS = `Each of these is a ratio within one run, taken in every round, and then the median; of ns and bytes it is the figure itself.
\`npm run bench:check\` runs them again and compares.`

/**
 * A page with the section between its markers made anew, not formatted.
 *
 * @param {string} page
 * @param {Record<string, any>} results - by benchmark
 * @param {readonly import('./plots.mjs').Plot[]} plots
 * @throws when the page has no markers
 */
export function withSection(page, results, plots) {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`the page has no ${BEGIN} and ${END}`)
  return `${before}${BEGIN}\n\n${section(results, plots)}\n\n${END}${after}`
}

/** @param {Record<string, any>} results @param {readonly import('./plots.mjs').Plot[]} plots */
function section(results, plots) {
  const targets = Object.values(results).flatMap(targetsOf)
  return [
    INTRO,
    ...plots.map(({ name, title }) => `![${title}](docs/plots/${name}.svg)`),
    ...(targets.length > 0 ? [TARGETS, table(targets)] : []),
    ...environments(results),
  ].join('\n\n')
}

/** @param {readonly import('../lib/targets.mjs').Target[]} targets */
function table(targets) {
  const rows = [
    ['work', 'ours / against', 'at most', 'is', ''],
    ['---', '---', '--:', '--:', ':-:'],
    ...targets.map((target) => [
      target.work,
      comparison(target),
      figure(target.most),
      figure(target.is),
      target.holds ? '✓' : 'missed',
    ]),
  ]
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** On what machine, and with which versions: once, where it is the same for all. @param {Record<string, any>} results */
function environments(results) {
  /** @type {Map<string, string[]>} */
  const by = new Map()
  for (const [name, { date, machine, versions }] of Object.entries(results)) {
    const line = `${date}: ${environmentLine({ machine, versions })}`
    by.set(line, [...(by.get(line) ?? []), name])
  }
  return [...by].map(([line, names]) =>
    by.size === 1 ? `Taken on ${line}.` : `${names.join(', ')}: ${line}.`,
  )
}
