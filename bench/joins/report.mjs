import { count, figure, table } from '../lib/table.mjs'
import { targetLines } from '../lib/targets.mjs'

const TITLES = { fanfare: 'fanfare on ws, native', floor: 'net: the same bytes in as many writes' }

/**
 * @param {ReturnType<typeof import('./evaluate.mjs').evaluate>} evaluation
 * @param {{ subscribers: number, rounds: number }} plan
 */
export function report({ results, ratios, targets }, { subscribers, rounds }) {
  const rows = results.map(({ name, wall, cpu, bytes, frames, writes }) => [
    TITLES[name],
    ...[wall.median, cpu.median].map((ms) => figure(ms / 1000)),
    figure(bytes.median / 1e6),
    frames.median > 0 ? count(frames.median) : '',
    ...[writes.median, writes.median / subscribers].map((many) => count(Math.round(many))),
  ])
  const head = ['', 's', 's of CPU', 'MB', 'frames', 'writes', 'per client']
  const compared = [
    'fanfare / net',
    ...[ratios.wall, ratios.cpu].map((one) => figure(one.median)),
    '',
    '',
    '',
    '',
  ]
  return [
    `joins: ${count(subscribers)} clients join one presence channel at once, until everybody knows of everybody, median of ${rounds} rounds`,
    table([head, ...rows, compared]),
    targetLines(targets),
  ].join('\n\n')
}
