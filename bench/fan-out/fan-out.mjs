import { adapters, contestants } from './contestants.mjs'
import { run } from './race.mjs'

/**
 * What a benchmark gives: its tables, what goes into its JSON file (with `targets`, where it has some), the versions of what
 * it alone used, and what was wrong: with faults nothing is saved.
 *
 * @typedef {{ text: string, results: object, versions?: Record<string, string>, faults?: string[] }} Measured
 */

/** @typedef {(options: import('../lib/options.mjs').Options, progress: (what: string) => void) => Promise<Measured>} Benchmark */

/** @type {import('./race.mjs').Race} */
const ONE_CHANNEL = {
  name: 'fan-out',
  room: 'of one channel',
  field: contestants,
  standard: { subscribers: 1_000, levels: [1, 10, 50], starts: 1, rounds: 16, budgetMs: 50_000 },
  goals: [
    { ours: 'fanfare-plain', against: 'net', perTurn: 1, most: 1.5 },
    { ours: 'fanfare-plain', against: 'ws', perTurn: 1, most: 0.65 },
    { ours: 'fanfare-plain', against: 'socket.io', perTurn: 1, most: 0.55 },
    { ours: 'fanfare-plain', against: 'socket.io', perTurn: 10, most: 0.1 },
    { ours: 'fanfare-plain', against: 'bun-publish', perTurn: 10, most: 1.5 },
    { ours: 'fanfare-plain', against: 'bun-publish', perTurn: 50, most: 1.2 },
    { ours: 'fanfare-bun', against: 'bun-publish', perTurn: 10, most: 1.15 },
  ],
  compared: () => true,
}

/** The other adapters and their twins. @type {import('./race.mjs').Race} */
const ADAPTERS = {
  name: 'adapters',
  room: 'of one channel',
  field: adapters,
  standard: { subscribers: 1_000, levels: [1, 10], starts: 1, rounds: 8, budgetMs: 25_000 },
  goals: [],
  compared: (ours, other) => ours.runtime === other.runtime && ours.speaks === other.speaks,
}

/** @type {Benchmark} */
export const fanOut = (options, progress) => run(ONE_CHANNEL, options, progress)

/** @type {Benchmark} */
export const adapterCosts = (options, progress) => run(ADAPTERS, options, progress)
