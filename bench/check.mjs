// Runs the benchmarks into a temporary folder and compares their targets with the committed ones. Replaces nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { benchmarks } from './benchmarks.mjs'
import { changeTable, compare, fails, TOLERANCE } from './lib/comparison.mjs'
import { UsageError } from './lib/options.mjs'
import { readResult, RESULTS, targetsOf } from './lib/results.mjs'

const USAGE = `npm run bench:check [-- BENCHMARK …]

Runs the benchmarks that have targets, or only those named, and compares every target with bench/results/*.json.
Ends with 1 when a ratio is more than ${TOLERANCE * 100} % worse, with 2 when there is nothing to compare with.`

/** What ends the benchmarks too. */
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/**
 * The benchmarks to run, each with its committed targets.
 *
 * @param {readonly string[]} names - none for all that have committed targets
 * @returns {{ name: string, committed: import('./lib/targets.mjs').Target[] }[]}
 * @throws {UsageError} when a name is unknown, or nothing is committed to compare it with
 */
function chosen(names) {
  const wanted = names.length > 0 ? names : Object.keys(benchmarks)
  const found = wanted.map((name) => ({ name, committed: committedOf(name) }))
  const able = found.filter(({ committed }) => committed.length > 0)
  if (names.length === 0 && able.length > 0) return able
  const unable = found.filter(({ committed }) => committed.length === 0).map(({ name }) => name)
  if (unable.length > 0) {
    throw new UsageError(
      `there are no committed targets of ${unable.join(', ')} in bench/results: commit those of \`npm run bench\` first`,
    )
  }
  return able
}

/** @param {string} name */
function committedOf(name) {
  if (!Object.hasOwn(benchmarks, name)) throw new UsageError(`there is no benchmark ${name}`)
  return targetsOf(readResult(RESULTS, name))
}

/** @param {readonly string[]} names @param {string} folder @returns {Promise<number>} the exit code */
async function run(names, folder) {
  const script = fileURLToPath(new URL('run.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, ...names, '--results', folder], { stdio: 'inherit' })
  const stop = () => void child.kill('SIGTERM')
  for (const signal of SIGNALS) process.on(signal, stop)
  try {
    const [code] = await once(child, 'exit')
    return code ?? 1
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}

/** @param {readonly string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE)
    return 0
  }
  const option = args.find((arg) => arg.startsWith('-'))
  if (option !== undefined) throw new UsageError(`only runs without options can be compared, not ${option}`)
  const all = chosen(args)
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-bench-check-'))
  try {
    const names = all.map(({ name }) => name)
    const code = await run(names, folder)
    if (code !== 0) return code
    const fresh = pathToFileURL(`${folder}/`)
    const changes = all.flatMap(({ name, committed }) =>
      compare(committed, targetsOf(readResult(fresh, name))),
    )
    console.log(`\ncompared with the committed results\n\n${changeTable(changes)}`)
    const worse = changes.filter(fails).length
    console.log(
      worse === 0
        ? `\nnothing is more than ${TOLERANCE * 100} % worse`
        : `\n${worse} of ${changes.length} are more than ${TOLERANCE * 100} % worse, or were not measured`,
    )
    return worse === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const { message, stack } = /** @type {Error} */ (error)
  console.error(error instanceof UsageError ? `bench: ${message}\n\n${USAGE}` : `bench: ${stack}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
