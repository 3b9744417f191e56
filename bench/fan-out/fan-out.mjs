import { mkdirSync } from 'node:fs'
import { UsageError } from '../lib/options.mjs'
import { evaluate } from './evaluate.mjs'
import { adapters, contestants } from './contestants.mjs'
import { measureAll } from './measure.mjs'
import { PAYLOAD_BYTES } from './payload.mjs'
import { report } from './report.mjs'

/** What a run is like when nothing else is asked for; only such a run is worth quoting. */
const STANDARD = { subscribers: 1_000, levels: [1, 10, 50], starts: 2, rounds: 8, budgetMs: 110_000 }

/** The same for the other adapters and their twins: shorter, since there are more of them. */
const ADAPTERS = { subscribers: 1_000, levels: [1, 10], starts: 1, rounds: 8, budgetMs: 70_000 }

/** @typedef {(options: import('../lib/options.mjs').Options, progress: (what: string) => void) => Promise<{ text: string, results: object, faults?: string[] }>} Benchmark */

/** @type {Benchmark} */
export const fanOut = (options, progress) => race(contestants, STANDARD, options, progress)

/** @type {Benchmark} */
export const adapterCosts = (options, progress) => race(adapters, ADAPTERS, options, progress)

/**
 * @param {typeof contestants} field
 * @param {typeof STANDARD} standard
 * @param {import('../lib/options.mjs').Options} options
 * @param {(what: string) => void} progress
 */
async function race(field, standard, options, progress) {
  const names = options.only ?? Object.keys(field)
  const stranger = names.find((name) => !Object.hasOwn(field, name))
  if (stranger !== undefined) throw new UsageError(`--only: there is no ${stranger}`)
  const { profiles, turns } = options
  const plan = {
    names,
    subscribers: options.subscribers ?? standard.subscribers,
    levels: options.levels ?? standard.levels,
    starts: options.starts ?? standard.starts,
    rounds: options.rounds ?? standard.rounds,
    budgetMs: standard.budgetMs,
    turns,
    profiles,
  }
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true })
  const rows = await measureAll(plan, progress)
  const evaluation = evaluate(rows, plan)
  const { subscribers, levels } = plan
  return {
    text: report(evaluation, plan),
    results: {
      subscribers,
      payloadBytes: PAYLOAD_BYTES,
      levels,
      unit: 'µs per delivery',
      ...evaluation,
    },
  }
}
