// The part of README.md that speaks of figures. Nothing in it is written by hand.
import { environmentLine } from '../lib/environment.mjs'
import { targetsOf } from '../lib/results.mjs'
import { figure } from '../lib/table.mjs'
import { comparison } from '../lib/targets-table.mjs'

const PART = 'performance'

const INTRO = `## Performance

Each picture shows one run on one machine, on the loopback interface: compare what is within a picture, not across machines.
[docs/benchmarks.md](docs/benchmarks.md) says what is measured, and how; \`npm run bench\` takes the figures anew.
[docs/performance.md](docs/performance.md) says where they come from, what they cost, and how many nodes a load takes.`

const TARGETS = `Each of these is a ratio within one run, taken in every round, and then the median; of connect it is
that of all rounds together, and of ns and bytes the figure itself.
\`npm run bench:check\` runs them again and compares.`

/** @typedef {import('./plots.mjs').Plot} Plot */

/**
 * A page with the section between its markers made anew, not formatted.
 *
 * @param {string} page
 * @param {Record<string, any>} results - by benchmark
 * @param {readonly Plot[]} plots
 * @throws when the page has no markers
 */
export function withSection(page, results, plots) {
  return withPart(page, PART, [INTRO, measured(results, plots, 'docs/plots')].join('\n\n'))
}

/**
 * A page with what is between the markers of one part made anew.
 *
 * @param {string} page
 * @param {string} name - of the part
 * @param {string} content
 * @throws when the page does not have the part
 */
export function withPart(page, name, content) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`the page has no ${begin} and ${end}`)
  return `${before}${begin}\n\n${content}\n\n${end}${after}`
}

/**
 * The pictures, the targets, and on what machine.
 *
 * @param {Record<string, any>} results - by benchmark
 * @param {readonly Plot[]} plots
 * @param {string} folder - of the pictures, from the page
 */
export function measured(results, plots, folder) {
  const targets = Object.values(results).flatMap(targetsOf)
  return [
    ...plots.map(({ name, title }) => `![${title}](${folder}/${name}.svg)`),
    ...(targets.length > 0 ? [TARGETS, targetsTable(targets)] : []),
    ...environments(results),
  ].join('\n\n')
}

/**
 * A table of words and, to the right, figures.
 *
 * @param {readonly (readonly string[])[]} rows - the first one is the head
 * @param {number} [words] - columns with words
 */
export function markdownTable([head = [], ...rows], words = 1) {
  const line = head.map((_, at) => (at < words ? '---' : '--:'))
  return [head, line, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** @param {readonly import('../lib/targets.mjs').Target[]} targets */
function targetsTable(targets) {
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
