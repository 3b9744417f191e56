import { mkdirSync } from 'node:fs'
import { textsOf } from '../load/texts.mjs'
import { evaluate, faultsOf } from './evaluate.mjs'
import { KIND, measureAll } from './measure.mjs'
import { report } from './report.mjs'

/** What a run is like when nothing else is asked for; only such a run is worth quoting. */
const STANDARD = { subscribers: 1_000, perSecond: 40, rounds: 4, sliceMs: 1_000, budgetMs: 12_000 }

/**
 * What one client that reads nothing costs the others.
 *
 * @type {import('../fan-out/fan-out.mjs').Benchmark}
 */
export async function stalled(options, progress) {
  const plan = {
    ...STANDARD,
    subscribers: Math.max(2, options.subscribers ?? STANDARD.subscribers),
    perSecond: options.levels?.[0] ?? STANDARD.perSecond,
    rounds: options.rounds ?? STANDARD.rounds,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
    profiles: options.profiles,
  }
  if (plan.profiles !== undefined) mkdirSync(plan.profiles, { recursive: true })
  const rows = await measureAll(plan, progress)
  const measured = evaluate(rows)
  const { subscribers, perSecond } = plan
  const rounds = rows.length
  const { bytes } = textsOf(KIND)
  return {
    text: report(measured, { ...plan, rounds, bytes }),
    results: {
      subscribers,
      payloadBytes: bytes,
      perSecond,
      rounds,
      unit: 'ms; CPU: µs per delivery',
      ...measured,
    },
    faults: faultsOf(rows),
  }
}
