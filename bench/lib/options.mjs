import { parseArgs } from 'node:util'

export const USAGE = `npm run bench [-- [BENCHMARK …] [options]]

  BENCHMARK          fan-out, channels, adapters, in-memory, bytes, compressed, latency, stalled, joins, inbound,
                     budgets, connect, idle, crowd, cluster; all when left out
  --budget SECONDS   how long each may take; everything is measured once in any case
  --results FOLDER   write the results there, as JSON
  --subscribers N    subscribers of the channel (cluster: over all nodes)
  --levels N,N,…     messages per turn of the event loop (latency: messages a second)
  --rounds N         how often each figure is taken (fan-out: in each start)
  fan-out, channels and adapters only:
  --starts N         how often all processes are started anew for each level
  --turns N          turns per figure; else as many as take 150 ms of CPU
  --only NAME,…      net, fanfare-plain, fanfare-native, ws, socket.io, fanfare-bun, bun-publish; of channels:
                     fanfare-ws, ws, socket.io, fanfare-bun, bun-publish; of adapters: fanfare-bun, bun-loop,
                     fanfare-fastify, fastify-loop, fanfare-sse, sse-loop
  --profiles FOLDER  write a CPU profile of each server
  cluster only, besides --rounds and --profiles:
  --nodes N,N,…      how many nodes
  --messages N       messages per figure, where they go as fast as they can
  --only NAME,…      fanfare-memory, fanfare-redis, fanfare-nats, socket.io-redis, socket.io-sharded

Without options it takes under five minutes and replaces bench/results/*.json.`

/** A wrong option: the user is told so, without a stack. */
export class UsageError extends Error {}

/**
 * @typedef {object} Options
 * @property {string[]} benchmarks
 * @property {boolean} help
 * @property {boolean} standard - nothing was asked for that changes the figures
 * @property {number | undefined} budgetMs - how long a benchmark may take in all; run.mjs always gives it
 * @property {string | undefined} results - the folder for the results, when it is not the committed one
 * @property {number | undefined} subscribers
 * @property {number[] | undefined} levels
 * @property {number[] | undefined} nodes
 * @property {number | undefined} messages
 * @property {number | undefined} starts
 * @property {number | undefined} rounds
 * @property {number | undefined} turns
 * @property {string[] | undefined} only
 * @property {string | undefined} profiles
 */

/**
 * @param {string[]} args
 * @param {string[]} known - the benchmarks there are
 * @returns {Options}
 */
export function options(args, known) {
  const { values, positionals } = parsed(args)
  const stranger = positionals.find((name) => !known.includes(name))
  if (stranger !== undefined) throw new UsageError(`there is no benchmark ${stranger}`)
  const { help = false, only, profiles, results, ...numbers } = values
  const budget = whole('budget', numbers.budget)
  return {
    benchmarks: positionals.length > 0 ? positionals : known,
    help,
    standard: Object.keys(values).length === 0,
    budgetMs: budget === undefined ? undefined : budget * 1_000,
    results,
    subscribers: whole('subscribers', numbers.subscribers),
    levels: wholes('levels', numbers.levels),
    nodes: wholes('nodes', numbers.nodes),
    messages: whole('messages', numbers.messages),
    starts: whole('starts', numbers.starts),
    rounds: whole('rounds', numbers.rounds),
    turns: whole('turns', numbers.turns),
    only: only?.split(','),
    profiles,
  }
}

/** @param {string[]} args */
function parsed(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        budget: { type: 'string' },
        results: { type: 'string' },
        subscribers: { type: 'string' },
        levels: { type: 'string' },
        nodes: { type: 'string' },
        messages: { type: 'string' },
        starts: { type: 'string' },
        rounds: { type: 'string' },
        turns: { type: 'string' },
        only: { type: 'string' },
        profiles: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message)
  }
}

/** Several, between commas. @param {string} name @param {string | undefined} values */
function wholes(name, values) {
  return values?.split(',').map((value) => whole(name, value) ?? 1)
}

/** @param {string} name @param {string | undefined} value */
function whole(name, value) {
  if (value === undefined) return undefined
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new UsageError(`--${name}: a whole number from 1 on, not ${value}`)
  return Number(value)
}
