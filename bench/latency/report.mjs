import { count, figure, table } from '../lib/table.mjs'
import { targetLines } from '../lib/targets.mjs'

/** @typedef {ReturnType<typeof import('./evaluate.mjs').evaluate>} Evaluation */
/** @typedef {Evaluation['results'][number]} Result */

/**
 * @param {Evaluation} evaluation
 * @param {{ names: string[], rates: number[], subscribers: number, rounds: number, bytes: number }} plan
 */
export function report({ results, ratios, targets }, { names, rates, subscribers, rounds, bytes }) {
  const per = rates.map((rate) => `${count(rate)} a second`)
  const rows = (/** @type {(result: Result) => string} */ cell) =>
    names.map((name) => {
      const own = results.filter((result) => result.name === name)
      return [own[0]?.title ?? name, ...own.map(cell)]
    })
  const times = (/** @type {'last' | 'lastDue' | 'all'} */ what) =>
    rows(({ [what]: { p50, p99, max } }) => [p50, p99, max].map(figure).join(' / '))
  const ratio = (/** @type {'p50' | 'p99' | 'p50Due' | 'p99Due' | 'cpu'} */ what) =>
    ratios.map((one) => figure(one[what].median))
  const sections = [
    [['ms from the call to the last client, p50 / p99 / max', ...per], ...times('last')],
    [['ms from when it was due to the last client, the same', ...per], ...times('lastDue')],
    [['ms from the call to a client, all deliveries, the same', ...per], ...times('all')],
    [
      ['messages a second that were called in time', ...per],
      ...rows(({ achieved }) => figure(achieved.median)),
    ],
    [['µs of CPU per delivered message', ...per], ...rows(({ cpu }) => figure(cpu.median))],
  ]
  const compared = [
    ['fanfare / ws', ...per],
    ['to the last client from the call, p50', ...ratio('p50')],
    ['to the last client from the call, p99', ...ratio('p99')],
    ['to the last client from when it was due, p50', ...ratio('p50Due')],
    ['to the last client from when it was due, p99', ...ratio('p99Due')],
    ['CPU', ...ratio('cpu')],
  ]
  return [
    `latency: ${count(subscribers)} subscribers of one channel, ${bytes} bytes of text, ${rounds} rounds`,
    ...sections.map(table),
    ...(ratios.length > 0 ? [table(compared)] : []),
    ...(targets.length > 0 ? [targetLines(targets)] : []),
  ].join('\n\n')
}
