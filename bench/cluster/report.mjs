import { PAYLOAD_BYTES } from '../fan-out/payload.mjs'
import { count, figure, table } from '../lib/table.mjs'
import { contestant } from './contestants.mjs'

/** @typedef {ReturnType<typeof import('./evaluate.mjs').evaluate>} Evaluation */
/** @typedef {Evaluation['results'][number]} Result */
/** @typedef {'perSecond' | 'cpu' | 'cpuPaced' | 'publisherCpu' | 'latencyP50' | 'latencyP99'} Figure */

const NONE = '-'

/**
 * @param {Evaluation & { interest: import('./interest.mjs').NodeInterest[], notRun: import('./cluster.mjs').NotRun[] }} measured
 * @param {{ names: string[], nodes: number[], subscribers: number, perSecond: number }} plan
 */
export function report({ results, deliveries, interest, notRun }, plan) {
  const { names, nodes, subscribers, perSecond } = plan
  const rounds = [...new Set(results.map((result) => result.rounds))].toSorted((a, b) => a - b)
  const rows = (/** @type {(result: Result) => string} */ cell) =>
    names.map((name) => [
      contestant(name).title,
      ...nodes.map((many) => {
        const result = results.find((one) => one.name === name && one.nodes === many)
        return result ? cell(result) : NONE
      }),
    ])
  const of = (/** @type {Figure} */ what) => (/** @type {Result} */ result) => shown(result[what])
  const latency = (/** @type {Result} */ result) =>
    `${shown(result.latencyP50)} / ${shown(result.latencyP99)}`
  const per = nodes.map((many) => `${many} ${many === 1 ? 'node' : 'nodes'}`)
  const pace = `at ${count(perSecond)} messages a second`
  const sections = [
    [['messages per second, as fast as acknowledged', ...per], ...rows(of('perSecond'))],
    [['µs of CPU per delivered message, all nodes, the same', ...per], ...rows(of('cpu'))],
    [[`µs of CPU per delivered message, all nodes, ${pace}`, ...per], ...rows(of('cpuPaced'))],
    [['µs of CPU per published message, publisher', ...per], ...rows(of('publisherCpu'))],
    [[`ms from publisher to subscriber, p50 / p99, ${pace}`, ...per], ...rows(latency)],
  ]
  return [
    `cluster: ${count(subscribers)} subscribers of one channel, over all nodes, ${PAYLOAD_BYTES} bytes of text, median of ${rounds.join(', ')} rounds`,
    ...sections.map(table),
    // A run in which one was missing would have failed.
    `  deliveries: ${count(deliveries)}, every byte compared: none lost, doubled or out of order`,
    ...(interest.length > 0 ? [table(interestRows(interest))] : []),
    ...(notRun.length > 0
      ? [notRun.map(({ name, reason }) => `  not run: ${name}: ${reason}`).join('\n')]
      : []),
  ].join('\n\n')
}

/** @param {import('./interest.mjs').NodeInterest[]} interest */
function interestRows(interest) {
  const published = interest[0]?.published ?? 0
  const head = [
    `messages from the bus, of ${count(published)} published`,
    'node',
    'channels',
    'carried by these',
    'received',
  ]
  const body = interest.map(({ name, node, channels, carried, received }) => [
    contestant(name).title,
    ...[node, channels, carried, received].map(count),
  ])
  return [head, ...body]
}

/** @param {{ median: number } | null} figures */
function shown(figures) {
  return figures ? figure(figures.median) : NONE
}
