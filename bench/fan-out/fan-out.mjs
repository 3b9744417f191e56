import { mkdirSync } from 'node:fs'
import { UsageError } from '../lib/options.mjs'
import { evaluate } from './evaluate.mjs'
import { contestants } from './contestants.mjs'
import { measureAll } from './measure.mjs'
import { PAYLOAD_BYTES } from './payload.mjs'
import { report } from './report.mjs'

/** What a run is like when nothing else is asked for; only such a run is worth quoting. */
const STANDARD = { subscribers: 1_000, levels: [1, 10, 50], starts: 2, rounds: 8, budgetMs: 110_000 }

/**
 * @param {import('../lib/options.mjs').Options} options
 * @param {(what: string) => void} progress
 */
export async function fanOut(options, progress) {
  const names = options.only ?? Object.keys(contestants)
  const stranger = names.find((name) => !Object.hasOwn(contestants, name))
  if (stranger !== undefined) throw new UsageError(`--only: there is no ${stranger}`)
  const { profiles, turns } = options
  const plan = {
    names,
    subscribers: options.subscribers ?? STANDARD.subscribers,
    levels: options.levels ?? STANDARD.levels,
    starts: options.starts ?? STANDARD.starts,
    rounds: options.rounds ?? STANDARD.rounds,
    budgetMs: STANDARD.budgetMs,
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
