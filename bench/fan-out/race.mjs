// What the benchmarks have in common in which servers take turns with the same work.
import { mkdirSync } from 'node:fs'
import { UsageError } from '../lib/options.mjs'
import { count } from '../lib/table.mjs'
import { evaluate } from './evaluate.mjs'
import { measureAll } from './measure.mjs'
import { PAYLOAD_BYTES } from './payload.mjs'
import { report } from './report.mjs'

/**
 * What a run is like when nothing else is asked for; only such a run is worth quoting.
 *
 * @typedef {object} Standard
 * @property {number} subscribers
 * @property {number[]} levels
 * @property {number} starts
 * @property {number} rounds
 * @property {number} budgetMs
 */

/**
 * @typedef {object} Race
 * @property {string} name - of the benchmark
 * @property {string} room - what so many subscribers are in: `of one channel`
 * @property {Record<string, import('./contestants.mjs').Contestant>} field
 * @property {Standard} standard
 * @property {readonly import('./evaluate.mjs').Goal[]} goals
 * @property {(ours: import('./contestants.mjs').Contestant, other: import('./contestants.mjs').Contestant) => boolean} compared
 * @property {import('./session.mjs').Work} [work] - when it is not one channel for all
 */

/**
 * Runs it, in the time that the options or its standard give.
 *
 * @param {Race} race
 * @param {import('../lib/options.mjs').Options} options
 * @param {(what: string) => void} progress
 */
export async function run({ name, room, field, standard, goals, compared, work }, options, progress) {
  const names = options.only ?? Object.keys(field)
  const stranger = names.find((one) => !Object.hasOwn(field, one))
  if (stranger !== undefined) throw new UsageError(`--only: there is no ${stranger}`)
  const { profiles, turns } = options
  const plan = {
    names,
    subscribers: options.subscribers ?? standard.subscribers,
    levels: options.levels ?? standard.levels,
    starts: options.starts ?? standard.starts,
    rounds: options.rounds ?? standard.rounds,
    budgetMs: options.budgetMs ?? standard.budgetMs,
    turns,
    profiles,
    work,
  }
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true })
  const rows = await measureAll(plan, progress)
  const { subscribers, levels } = plan
  const evaluation = evaluate(rows, { work: name, field, names, levels, goals, compared })
  const headline = `${name}: ${count(subscribers)} subscribers ${room}, ${PAYLOAD_BYTES} bytes of text`
  return {
    text: report(evaluation, { names, levels, headline }),
    results: {
      subscribers,
      payloadBytes: PAYLOAD_BYTES,
      levels,
      unit: 'µs per delivery',
      ...evaluation,
    },
  }
}
