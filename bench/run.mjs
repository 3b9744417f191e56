// Runs the benchmarks. The tables go to standard output, what goes on meanwhile to standard error.
import { mkdirSync, writeFileSync } from 'node:fs'
import { killAll } from './lib/child.mjs'
import { environment, environmentLine } from './lib/environment.mjs'
import { options, USAGE, UsageError } from './lib/options.mjs'
import { cluster } from './cluster/cluster.mjs'
import { adapterCosts, fanOut } from './fan-out/fan-out.mjs'
import { inMemory } from './in-memory/in-memory.mjs'

const benchmarks = { 'fan-out': fanOut, adapters: adapterCosts, 'in-memory': inMemory, cluster }
const results = new URL('results/', import.meta.url)

/** One line that is written over again and again; nothing where nobody looks. @param {string} what */
function progress(what) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${what}`)
}

/** @param {string} name @param {unknown} content */
function save(name, content) {
  mkdirSync(results, { recursive: true })
  writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify(content, null, 2)}\n`)
}

/** @typedef {Awaited<ReturnType<import('./fan-out/fan-out.mjs').Benchmark>>} Measured */

/** @param {string[]} args */
async function main(args) {
  const chosen = options(args, Object.keys(benchmarks))
  if (chosen.help) {
    console.log(USAGE)
    return
  }
  const here = environment()
  console.log(environmentLine(here))
  for (const name of chosen.benchmarks) {
    /** @type {Measured} */
    const measured = await benchmarks[/** @type {keyof typeof benchmarks} */ (name)](chosen, (what) =>
      progress(`${name}: ${what}`),
    )
    progress('')
    console.log(`\n${measured.text}`)
    const { faults = [] } = measured
    for (const fault of faults) console.error(`bench: ${fault}`)
    if (faults.length > 0) process.exitCode = 1
    else if (chosen.standard) save(name, { benchmark: name, ...here, ...measured.results })
  }
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
