// Runs the benchmarks. The tables go to standard output, what goes on meanwhile to standard error.
import { pathToFileURL } from 'node:url'
import { benchmarks } from './benchmarks.mjs'
import { killAll } from './lib/child.mjs'
import { environment, environmentLine } from './lib/environment.mjs'
import { options, USAGE, UsageError } from './lib/options.mjs'
import { RESULTS, saveResult } from './lib/results.mjs'
import { targetTable } from './lib/targets-table.mjs'

/** @typedef {import('./lib/targets.mjs').Target} Target */

/** One line that is written over again and again; nothing where nobody looks. @param {string} what */
function progress(what) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${what}`)
}

/**
 * Runs one benchmark: its tables are printed, its results saved where they are worth it.
 *
 * @param {string} name
 * @param {import('./lib/options.mjs').Options} chosen
 * @param {ReturnType<typeof environment>} here
 * @returns {Promise<readonly Target[]>}
 */
async function measure(name, chosen, here) {
  const entry = benchmarks[name]
  if (!entry) throw new UsageError(`there is no benchmark ${name}`)
  const benchmark = await entry.load()
  const budgetMs = chosen.budgetMs ?? entry.seconds * 1_000
  const {
    text,
    results,
    versions,
    faults = [],
  } = await benchmark({ ...chosen, budgetMs }, (what) => progress(`${name}: ${what}`))
  progress('')
  console.log(`\n${text}`)
  for (const fault of faults) console.error(`bench: ${fault}`)
  if (faults.length > 0) process.exitCode = 1
  else if (chosen.standard || chosen.results !== undefined) {
    const folder = chosen.results === undefined ? RESULTS : pathToFileURL(`${chosen.results}/`)
    const known = { ...here, versions: { ...here.versions, ...versions } }
    saveResult(folder, name, { benchmark: name, ...known, ...results })
  }
  return 'targets' in results ? /** @type {Target[]} */ (results.targets) : []
}

/** What goes wrong in one benchmark does not take the others with it. @type {typeof measure} */
async function attempt(name, chosen, here) {
  try {
    return await measure(name, chosen, here)
  } catch (error) {
    if (error instanceof UsageError) throw error
    killAll()
    progress('')
    console.error(`\nbench: ${name}: ${/** @type {Error} */ (error).stack}`)
    process.exitCode = 1
    return []
  }
}

/** @param {string[]} args */
async function main(args) {
  const chosen = options(args, Object.keys(benchmarks))
  if (chosen.help) {
    console.log(USAGE)
    return
  }
  const beganAt = performance.now()
  const here = environment()
  console.log(environmentLine(here))
  /** @type {Target[]} */
  const targets = []
  for (const name of chosen.benchmarks) targets.push(...(await attempt(name, chosen, here)))
  if (targets.length > 0) console.log(`\nall targets\n\n${targetTable(targets)}`)
  console.log(`\n${Math.round((performance.now() - beganAt) / 1_000)} s in all`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  killAll()
  progress('')
  const { message, stack } = /** @type {Error} */ (error)
  console.error(error instanceof UsageError ? `bench: ${message}\n\n${USAGE}` : `bench: ${stack}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
