import { mkdirSync } from 'node:fs'
import { UsageError } from '../lib/options.mjs'
import { textsOf } from '../load/texts.mjs'
import { evaluate } from './evaluate.mjs'
import { contestants, KIND, measureAll } from './measure.mjs'
import { report } from './report.mjs'

/** What a run is like when nothing else is asked for; only such a run is worth quoting. */
const STANDARD = { subscribers: 500, rounds: 6, budgetMs: 13_000 }

/**
 * What it costs to send the same compressed message to many.
 *
 * @type {import('../fan-out/fan-out.mjs').Benchmark}
 */
export async function compressed(options, progress) {
  const plan = {
    names: namesOf(options.only),
    subscribers: options.subscribers ?? STANDARD.subscribers,
    rounds: options.rounds ?? STANDARD.rounds,
    messages: options.messages,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
    profiles: options.profiles,
  }
  if (plan.profiles !== undefined) mkdirSync(plan.profiles, { recursive: true })
  const taken = await measureAll(plan, progress)
  const measured = evaluate(taken, plan)
  const { subscribers } = plan
  const rounds = taken.rows.length
  const { bytes } = textsOf(KIND)
  return {
    text: report(measured, { subscribers, rounds, bytes }),
    results: { subscribers, payloadBytes: bytes, rounds, unit: 'µs per message; MiB', ...measured },
  }
}

/** @param {string[] | undefined} only */
function namesOf(only) {
  const names = only ?? Object.keys(contestants)
  const stranger = names.find((name) => !Object.hasOwn(contestants, name))
  if (stranger !== undefined) throw new UsageError(`--only: there is no ${stranger}`)
  return /** @type {import('./measure.mjs').Name[]} */ (names)
}
