import { mkdirSync } from 'node:fs'
import { UsageError } from '../lib/options.mjs'
import { evaluate } from './evaluate.mjs'
import { measureAll } from './measure.mjs'
import { MOST_MEMBERS } from './members.mjs'
import { report } from './report.mjs'

/** What a run is like when nothing else is asked for; only such a run is worth quoting. */
const STANDARD = { subscribers: 5_000, rounds: 3, budgetMs: 12_000 }

/**
 * What it takes until everybody who joins a presence channel knows of everybody else.
 *
 * @type {import('../fan-out/fan-out.mjs').Benchmark}
 */
export async function joins(options, progress) {
  const plan = {
    subscribers: options.subscribers ?? STANDARD.subscribers,
    rounds: options.rounds ?? STANDARD.rounds,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
    profiles: options.profiles,
  }
  if (plan.subscribers > MOST_MEMBERS) throw new UsageError(`--subscribers: at most ${MOST_MEMBERS} can join`)
  if (plan.profiles !== undefined) mkdirSync(plan.profiles, { recursive: true })
  const rows = await measureAll(plan, progress)
  const measured = evaluate(rows, plan)
  const { subscribers } = plan
  return {
    text: report(measured, { subscribers, rounds: rows.length }),
    results: { subscribers, rounds: rows.length, unit: 'ms, of the clock and of CPU', ...measured },
  }
}
