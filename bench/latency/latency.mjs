import { mkdirSync } from 'node:fs'
import { PAYLOAD_BYTES } from '../fan-out/payload.mjs'
import { UsageError } from '../lib/options.mjs'
import { evaluate } from './evaluate.mjs'
import { contestants, measureAll } from './measure.mjs'
import { report } from './report.mjs'

/** What a run is like when nothing else is asked for; only such a run is worth quoting. */
const STANDARD = { subscribers: 1_000, rates: [10, 100, 1_000], rounds: 3, budgetMs: 15_000 }

/** Few messages come at a slow pace; and beyond what a server can bear, it takes time until that shows. */
const sliceMs = (/** @type {number} */ rate) => (rate >= 50 && rate <= 200 ? 500 : 1_000)

/**
 * How long a broadcast takes to the last client, where messages come at a pace. `levels` are messages per second.
 *
 * @type {import('../fan-out/fan-out.mjs').Benchmark}
 */
export async function latency(options, progress) {
  const plan = {
    names: namesOf(options.only),
    subscribers: options.subscribers ?? STANDARD.subscribers,
    rates: options.levels ?? STANDARD.rates,
    rounds: options.rounds ?? STANDARD.rounds,
    sliceMs,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
    profiles: options.profiles,
  }
  if (plan.profiles !== undefined) mkdirSync(plan.profiles, { recursive: true })
  const measured = evaluate(await measureAll(plan, progress), plan)
  const { subscribers, rates } = plan
  const rounds = Math.max(...measured.results.map((result) => result.rounds))
  return {
    text: report(measured, { ...plan, rounds, bytes: PAYLOAD_BYTES }),
    results: {
      subscribers,
      payloadBytes: PAYLOAD_BYTES,
      rates,
      rounds,
      unit: 'ms; CPU: µs per delivery',
      ...measured,
    },
  }
}

/** @param {string[] | undefined} only */
function namesOf(only) {
  const names = only ?? Object.keys(contestants)
  const stranger = names.find((name) => !Object.hasOwn(contestants, name))
  if (stranger !== undefined) throw new UsageError(`--only: there is no ${stranger}`)
  return /** @type {import('./measure.mjs').Name[]} */ (names)
}
