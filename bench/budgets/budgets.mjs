// What the budgets of a node cost: the same server with them, and without.
import { budgeted } from '../fan-out/contestants.mjs'
import { run } from '../fan-out/race.mjs'
import { FANFARE, measurePair } from '../inbound/inbound.mjs'

const COUNTED = 'fanfare-native'
const UNCOUNTED = 'uncounted'

/** @type {import('../fan-out/race.mjs').Race} */
const FAN_OUT = {
  name: 'budgets, fan-out',
  room: 'of one channel',
  field: budgeted,
  standard: { subscribers: 1_000, levels: [1, 10], starts: 1, rounds: 16, budgetMs: 12_000 },
  goals: [
    { ours: COUNTED, against: UNCOUNTED, perTurn: 1, most: 1.01 },
    { ours: COUNTED, against: UNCOUNTED, perTurn: 10, most: 1.01 },
  ],
  compared: () => true,
}

/** @type {import('../inbound/inbound.mjs').Pair} */
const INBOUND = {
  work: 'budgets, inbound, per message',
  ours: COUNTED,
  against: UNCOUNTED,
  most: 1.02,
  contestants: {
    [COUNTED]: FANFARE,
    [UNCOUNTED]: { ...FANFARE, title: 'the same without budgets', args: ['uncounted'] },
  },
}

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function budgets(options, progress) {
  const out = await run(FAN_OUT, options, progress)
  const inward = await measurePair(INBOUND, options, progress)
  const targets = [out, inward].flatMap(({ results }) => ('targets' in results ? results.targets : []))
  return {
    text: [out.text, inward.text].join('\n\n'),
    results: { fanOut: out.results, inbound: inward.results, targets },
  }
}
