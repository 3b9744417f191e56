import { count, figure, table } from '../lib/table.mjs'
import { targetLines } from '../lib/targets.mjs'

/**
 * @param {ReturnType<typeof import('./evaluate.mjs').evaluate>} evaluation
 * @param {{ subscribers: number, rounds: number, bytes: number }} plan
 */
export function report({ results, ratios, targets }, { subscribers, rounds, bytes }) {
  const head = [
    '',
    'µs of CPU per message',
    'µs on the clock',
    'bytes per frame',
    'MiB idle',
    'MiB more, in use',
  ]
  const rows = results.map(({ title, cpu, wall, frameBytes, idleMiB, growthMiB }) => [
    title,
    ...[cpu.median, wall.median].map(figure),
    count(frameBytes),
    ...[idleMiB, growthMiB].map((mib) => mib.toFixed(1)),
  ])
  const compared = ratios && [
    'fanfare / ws',
    ...[ratios.cpu.median, ratios.wall.median].map(figure),
    ...['', '', figure(ratios.memory)],
  ]
  return [
    `compressed: ${count(subscribers)} subscribers with permessage-deflate, ${count(bytes)} bytes of JSON, median of ${rounds} rounds`,
    table([head, ...rows, ...(compared ? [compared] : [])]),
    ...(targets.length > 0 ? [targetLines(targets)] : []),
  ].join('\n\n')
}
