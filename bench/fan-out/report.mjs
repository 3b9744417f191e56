import { count, figure, table } from '../lib/table.mjs'
import { contestant } from './contestants.mjs'
import { PAYLOAD_BYTES } from './payload.mjs'

/** @typedef {ReturnType<typeof import('./evaluate.mjs').evaluate>} Evaluation */

/**
 * @param {Evaluation} evaluation
 * @param {{ names: string[], levels: number[], subscribers: number }} plan
 */
export function report({ results, ratios, targets }, { names, levels, subscribers }) {
  const rounds = [...new Set(results.map((result) => result.rounds))].toSorted((a, b) => a - b)
  const per = levels.map((level) => `${count(level)} per turn`)
  const rows = (/** @type {'cpu' | 'wall'} */ what) =>
    names.map((name) => [
      contestant(name).title,
      ...results.filter((result) => result.name === name).map((result) => figure(result[what].median)),
    ])
  const pairs = [...new Set(ratios.map(({ name, to }) => `${name} / ${to}`))]
  const ratioRows = pairs.map((pair) => [
    pair,
    ...ratios.filter(({ name, to }) => `${name} / ${to}` === pair).map(({ cpu }) => figure(cpu.median)),
  ])
  const sections = [
    [['µs of CPU per delivered message', ...per], ...rows('cpu')],
    [['µs on the clock per delivered message', ...per], ...rows('wall')],
    ...(ratioRows.length > 0 ? [[['CPU, compared', ...per], ...ratioRows]] : []),
  ]
  return [
    `fan-out: ${count(subscribers)} subscribers of one channel, ${PAYLOAD_BYTES} bytes of text, median of ${rounds.join(', ')} rounds`,
    ...sections.map(table),
    ...(targets.length > 0 ? [targets.map(targetLine).join('\n')] : []),
  ].join('\n\n')
}

/** @param {Evaluation['targets'][number]} target */
function targetLine({ name, to, perTurn, most, is, holds }) {
  const verdict = holds ? 'holds' : 'DOES NOT HOLD'
  return `  target: ${name} at ${perTurn} per turn at most ${most} of the CPU of ${to}: ${figure(is)}, ${verdict}`
}
