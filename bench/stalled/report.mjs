import { count, figure, table } from '../lib/table.mjs'
import { targetLines } from '../lib/targets.mjs'

const TITLES = { reading: 'everybody reads', stalled: 'one client reads nothing' }

/**
 * @param {ReturnType<typeof import('./evaluate.mjs').evaluate>} evaluation
 * @param {{ subscribers: number, perSecond: number, rounds: number, bytes: number }} plan
 */
export function report({ results, ratios, targets }, { subscribers, perSecond, rounds, bytes }) {
  const rows = results.map(({ name, p50, p99, max, cpu, achieved, lost, queued }) => [
    TITLES[name],
    ...[p50.median, p99.median, max, cpu.median, achieved.median].map(figure),
    ...[lost.median, queued.median].map(count),
  ])
  const head = [
    ...['', 'p50, ms', 'p99, ms', 'max, ms', 'µs of CPU per delivery', 'messages a second'],
    ...['lost by that one', 'waiting for it'],
  ]
  const compared = ['with it / without it', ...[ratios.p50, ratios.p99].map((one) => figure(one.median)), '']
  const closed = results.reduce((sum, one) => sum + one.closed, 0)
  const flood = Math.max(...results.map((one) => one.floodBytes.median))
  return [
    `stalled: latency of ${count(subscribers - 1)} clients beside one more, ${count(bytes)} bytes of text, ${count(perSecond)} a second, median of ${rounds} rounds`,
    table([head, ...rows, [...compared, figure(ratios.cpu.median), '', '', '']]),
    `  ${count(flood)} bytes filled the buffers of the one that reads nothing; it was closed as slow in ${closed} of ${rounds} rounds`,
    targetLines(targets),
  ].join('\n\n')
}
