// The parts of docs/performance.md that speak of figures: what was measured, the quantities to reckon with, the plan.
import { count, figure } from '../lib/table.mjs'
import { figuresOf } from '../plan/figures.mjs'
import { PRESET } from '../plan/options.mjs'
import { planned } from '../plan/plan.mjs'
import { loadFacts, lossRows, missingLines, momentRows, momentsTitle, sizeFacts } from '../plan/report.mjs'
import { markdownTable, measured, withPart } from './section.mjs'

const AS_IF = `Made by \`npm run plan\` without options, from the figures above; so it is as good as these, and as the machine they
were taken on.`

/**
 * The page with everything anew that is made of results, not formatted.
 *
 * @param {string} page
 * @param {Record<string, any>} results - by benchmark
 * @param {readonly import('./plots.mjs').Plot[]} plots
 * @throws when a part has no markers
 */
export function withFigures(page, results, plots) {
  const withMeasured = withPart(page, 'performance', measured(results, plots, 'plots'))
  const withQuantities = withPart(withMeasured, 'quantities', quantities(results))
  return withPart(withQuantities, 'plan', plan(results))
}

/** What the formulas are fed with; what was not measured has no row. @param {Record<string, any>} results */
function quantities(results) {
  const { busMessageUs, handshakeUs, connectionBytes } = figuresOf(results, PRESET)
  const levels = results['fan-out']?.levels ?? []
  const deliveries = levels.map((/** @type {number} */ perTurn) => [
    `\`d(${perTurn})\``,
    `CPU of a delivery, ${count(perTurn)} to a client in a turn`,
    'fan-out',
    micro(figuresOf(results, { ...PRESET, perTurn }).deliveryUs),
  ])
  const others = [
    ['`b`', 'CPU of a message that comes from the bus, Redis', 'cluster', micro(busMessageUs)],
    ['`h`', 'CPU of a client that comes and subscribes once', 'connect', micro(handshakeUs)],
    ['`m`', 'memory of a connection that does nothing', 'idle', bytes(connectionBytes)],
  ]
  const known = [...deliveries, ...others].filter((row) => row[3] !== undefined)
  if (known.length === 0) return 'Nothing was measured yet.'
  return markdownTable([['', 'what, with `native`', 'benchmark', 'here'], ...known], 3)
}

/** @param {Record<string, any>} results */
function plan(results) {
  const made = planned(PRESET, results)
  const facts = [['quantity', 'value'], ...loadFacts(made), ...sizeFacts(made)]
  const losses = lossRows(made)
  const worst = made.losses.toSorted((a, b) => b.storm.longestQueue - a.storm.longestQueue)[0]
  return [
    AS_IF,
    ...(made.size ? [markdownTable(facts)] : []),
    ...(losses.length > 0 ? [markdownTable(losses)] : []),
    ...(worst ? [`And over time, ${momentsTitle(worst.lost)}:`, markdownTable(momentRows(worst.storm))] : []),
    ...missingLines(made).map(asCode),
  ].join('\n\n')
}

/** With the command as code. @param {string} line */
function asCode(line) {
  return line.replace(/npm run bench -- [a-z-]+/, '`$&`')
}

/** @param {number | undefined} value */
function micro(value) {
  return value === undefined ? undefined : `${figure(value)} µs`
}

/** @param {number | undefined} value */
function bytes(value) {
  return value === undefined ? undefined : `${count(Math.round(value))} bytes`
}
