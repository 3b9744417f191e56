import { mkdirSync } from 'node:fs'
import { PAYLOAD_BYTES } from '../fan-out/payload.mjs'
import { UsageError } from '../lib/options.mjs'
import { startBus } from './buses.mjs'
import { contestant, contestants } from './contestants.mjs'
import { evaluate } from './evaluate.mjs'
import { measureInterest } from './interest.mjs'
import { measureAll } from './measure.mjs'
import { report } from './report.mjs'
import { AHEAD, PER_TURN } from './session.mjs'

/** What a run is like when nothing else is asked for; only such a run is worth quoting. */
const STANDARD = {
  nodes: [1, 3],
  subscribers: 100,
  messages: 1_000,
  pacedMessages: 100,
  perSecond: 200,
  rounds: 3,
}

/** How long it may take in all, if the options do not say. */
const BUDGET_MS = 40_000
/** The part of it for what comes before and after the rounds: starting the buses, and what the nodes receive. */
const AROUND_MS = 15_000

/** @typedef {{ name: string, reason: string }} NotRun */

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function cluster(options, progress) {
  const names = namesOf(options.only)
  const plan = {
    ...STANDARD,
    nodes: options.nodes ?? STANDARD.nodes,
    subscribers: options.subscribers ?? STANDARD.subscribers,
    messages: options.messages ?? STANDARD.messages,
    rounds: options.rounds ?? STANDARD.rounds,
    budgetMs: Math.max(0, (options.budgetMs ?? BUDGET_MS) - AROUND_MS),
    profiles: options.profiles,
  }
  if (plan.profiles !== undefined) mkdirSync(plan.profiles, { recursive: true })
  progress('starting the buses')
  /** @type {Buses} */
  const buses = new Map()
  try {
    await startBuses(names, buses)
    const notRun = names.flatMap((name) => whyNot(name, buses))
    const able = names.filter((name) => notRun.every((one) => one.name !== name))
    const racing = able.filter((name) => !contestant(name).interestOnly)
    const urlOf = (/** @type {string} */ name) => urlOn(buses, name)
    const rows = await measureAll({ ...plan, names: racing }, urlOf, progress)
    const interest = await interestOf(able, plan.nodes, urlOf, progress)
    const measured = { ...evaluate(rows), interest: interest.rows, notRun }
    const { nodes, subscribers, messages, pacedMessages, perSecond } = plan
    return {
      text: report(measured, { ...plan, names: racing }),
      results: {
        ...{ nodes, subscribers, payloadBytes: PAYLOAD_BYTES, messages, pacedMessages, perSecond },
        window: PER_TURN * AHEAD,
        ...measured,
      },
      versions: Object.fromEntries(
        [...buses].flatMap(([name, bus]) => ('version' in bus ? [[`${name}-server`, bus.version]] : [])),
      ),
      faults: interest.faults,
    }
  } finally {
    for (const bus of buses.values()) if ('stop' in bus) await bus.stop()
  }
}

/** @param {string[] | undefined} only */
function namesOf(only) {
  const names = only ?? Object.keys(contestants)
  const stranger = names.find((name) => !Object.hasOwn(contestants, name))
  if (stranger !== undefined) throw new UsageError(`--only: there is no ${stranger}`)
  return names
}

/** @typedef {Map<string, Awaited<ReturnType<typeof startBus>>>} Buses */

/** @param {string[]} names @param {Buses} buses - to which they are added */
async function startBuses(names, buses) {
  for (const name of names) {
    const { bus } = contestant(name)
    if (bus !== 'memory' && !buses.has(bus)) buses.set(bus, await startBus(bus))
  }
}

/** @param {string} name @param {Buses} buses @returns {NotRun[]} */
function whyNot(name, buses) {
  const bus = buses.get(contestant(name).bus)
  return bus && 'missing' in bus ? [{ name, reason: bus.missing }] : []
}

/** @param {Buses} buses @param {string} name */
function urlOn(buses, name) {
  const bus = buses.get(contestant(name).bus)
  return bus && 'url' in bus ? bus.url : ''
}

/**
 * @param {string[]} names
 * @param {number[]} nodes
 * @param {(name: string) => string} urlOf
 * @param {(what: string) => void} progress
 */
async function interestOf(names, nodes, urlOf, progress) {
  /** @type {import('./interest.mjs').Interest} */
  const all = { rows: [], faults: [] }
  for (const name of names.filter((one) => contestant(one).bus !== 'memory')) {
    progress(`what the nodes receive: ${name}`)
    const { rows, faults } = await measureInterest(name, { nodes: Math.max(...nodes), url: urlOf(name) })
    all.rows.push(...rows)
    all.faults.push(...faults)
  }
  return all
}
