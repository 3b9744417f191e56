// Plays seeded schedules of faults against the drivers, more of them than the tests do, or one again by its seed:
// npm run faults -- --seeds 1000 --bus redis

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const USAGE = `npm run faults -- [--seeds N] [--first N] [--bus redis|nats|both]
  --seeds  how many schedules are played on each bus (20)
  --first  the seed of the first one (1)
  --bus    which bus (both)
A failing schedule is named by its seed: play it again with --first SEED --seeds 1.`

const FILES = { redis: 'test/faults/redis.test.ts', nats: 'test/faults/nats.test.ts' }
/** @type {Readonly<Record<string, readonly string[]>>} */
const BUSES = { redis: [FILES.redis], nats: [FILES.nats], both: [FILES.redis, FILES.nats] }

class UsageError extends Error {}

/** @param {string[]} args */
function read(args) {
  const { seeds, first, bus, help } = parsed(args)
  const files = Object.hasOwn(BUSES, bus) ? BUSES[bus] : undefined
  if (!files) throw new UsageError(`--bus is redis, nats or both, not ${JSON.stringify(bus)}`)
  return { help, files, seeds: count('--seeds', seeds, 1), first: count('--first', first, 0) }
}

/** @param {string[]} args */
function parsed(args) {
  /** @type {import('node:util').ParseArgsConfig['options']} */
  const options = {
    seeds: { type: 'string', default: '20' },
    first: { type: 'string', default: '1' },
    bus: { type: 'string', default: 'both' },
    help: { type: 'boolean', default: false, short: 'h' },
  }
  try {
    const { values } = parseArgs({ args, options, allowPositionals: false })
    return /** @type {{ seeds: string, first: string, bus: string, help: boolean }} */ (values)
  } catch (error) {
    const [line = ''] = /** @type {Error} */ (error).message.split(/[.\n]/)
    throw new UsageError(`${line}; there are --seeds, --first, --bus and --help`)
  }
}

/** A seed has 32 bits; beyond that, two would be the same schedule. @param {string} option @param {string} text @param {number} least */
function count(option, text, least) {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (value >= least && value < 2 ** 32) return value
  throw new UsageError(
    `${option} is a whole number from ${least} to ${2 ** 32 - 1}, not ${JSON.stringify(text)}`,
  )
}

/** @param {ReturnType<typeof read>} settings */
function play({ files, seeds, first }) {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
  const env = { ...process.env, FAULT_SEEDS: String(seeds), FAULT_FIRST_SEED: String(first) }
  const run = spawn(process.execPath, [vitest, 'run', ...files], { cwd: root, env, stdio: 'inherit' })
  // A terminal interrupts both of us: then the tests end their servers, and we wait for that.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => run.kill('SIGTERM'))
  run.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0)
  })
}

try {
  const settings = read(process.argv.slice(2))
  if (settings.help) console.log(USAGE)
  else play(settings)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`faults: ${error.message}`)
  process.exitCode = 2
}
