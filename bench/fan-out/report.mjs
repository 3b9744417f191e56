import { count, figure, table } from '../lib/table.mjs'
import { targetLines } from '../lib/targets.mjs'

/** @typedef {ReturnType<typeof import('./evaluate.mjs').evaluate>} Evaluation */

/**
 * @param {Evaluation} evaluation
 * @param {{ names: string[], levels: number[], headline: string }} plan
 */
export function report({ results, ratios, targets }, { names, levels, headline }) {
  const rounds = [...new Set(results.map((result) => result.rounds))].toSorted((a, b) => a - b)
  const per = levels.map((level) => `${count(level)} per turn`)
  const rows = (/** @type {'cpu' | 'wall'} */ what) =>
    names.map((name) => {
      const own = results.filter((result) => result.name === name)
      return [own[0]?.title ?? name, ...own.map((result) => figure(result[what].median))]
    })
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
    `${headline}, median of ${rounds.join(', ')} rounds`,
    ...sections.map(table),
    ...(targets.length > 0 ? [targetLines(targets)] : []),
  ].join('\n\n')
}
