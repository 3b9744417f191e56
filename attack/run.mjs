// Attacks the real server in ways that once ended it, and says whether it holds:
// npm run attack -- --row b --adapter bun
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { ADAPTERS, ATTACKS } from './attacks/index.mjs'
import { pendingReason } from './pending.mjs'
import { play } from './lib/play.mjs'
import { table } from './lib/table.mjs'

const USAGE = `npm run attack -- [--row LETTER] [--attack NAME] [--adapter NAME] [--short] [--server FILE] [--list]
  --row      only the attacks of this row (a to j)
  --attack   only this one
  --adapter  only on this adapter: ${ADAPTERS.join(', ')}
  --short    less of each, as the tests do it
  --server   the command of another build: …/server/dist/cli.js
  --list     says which there are`

const OWN = fileURLToPath(new URL('../server/dist/cli.js', import.meta.url))

function options() {
  const { values } = parseArgs({
    options: {
      row: { type: 'string' },
      attack: { type: 'string' },
      adapter: { type: 'string' },
      short: { type: 'boolean', default: false },
      server: { type: 'string', default: OWN },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  return values
}

/** @param {ReturnType<typeof options>} chosen */
function chosenPlays({ row, attack, adapter }) {
  const attacks = ATTACKS.filter((one) => (row ?? one.row) === one.row && (attack ?? one.name) === one.name)
  return attacks.flatMap((one) =>
    (one.adapters ?? ADAPTERS)
      .filter((name) => (adapter ?? name) === name)
      .map((name) => ({ attack: one, adapter: name })),
  )
}

/** @param {Awaited<ReturnType<typeof play>> | Error} outcome */
function stateOf(outcome, reason) {
  const ok = !(outcome instanceof Error) && outcome.verdicts.every((one) => one.ok)
  if (ok) return reason === undefined ? 'holds' : 'holds, and is said to be pending'
  return reason === undefined ? 'FALLS' : 'pending'
}

const SHOWN = ['up', 'deliveries', 'p99', 'memory', 'newcomers', 'SIGTERM']

function cells({ attack, adapter }, outcome, state) {
  const begin = [attack.row, attack.name, adapter, state]
  if (outcome instanceof Error) return [...begin, ...SHOWN.map(() => '?'), '', outcome.message.slice(0, 200)]
  const shown = SHOWN.map((what) => cell(outcome.verdicts.find((one) => one.what === what)))
  const own = outcome.verdicts.filter((one) => !SHOWN.includes(one.what))
  const peak = `${(outcome.peak / 1_048_576).toFixed(0)} MiB`
  return [...begin, ...shown, peak, own.map((one) => `${one.what}: ${cell(one)}`).join('; ')]
}

const cell = (verdict) => `${verdict?.ok ? '' : '✗ '}${verdict?.said}`

async function main() {
  const chosen = options()
  if (chosen.help) {
    console.log(USAGE)
    return
  }
  const plays = chosenPlays(chosen)
  if (plays.length === 0) throw new Error(`there is no such attack\n${USAGE}`)
  if (chosen.list) {
    console.log(listed(plays))
    return
  }
  const rows = []
  for (const one of plays) {
    const outcome = await play({ ...one, cli: chosen.server, short: chosen.short }).catch((error) => error)
    const state = stateOf(outcome, pendingReason(one.attack.name, one.adapter))
    rows.push(cells(one, outcome, state))
    console.log(rows.at(-1)?.join(' | '))
    if (state.startsWith('FALLS') || state.startsWith('holds,')) process.exitCode = 1
  }
  const head = [
    '',
    'attack',
    'adapter',
    '',
    ...SHOWN.map((what) => (what === 'p99' ? 'p99 (control)' : what)),
    'peak',
    '',
  ]
  console.log(`\n${table([head, ...rows])}`)
}

function listed(plays) {
  return table(plays.map(({ attack, adapter }) => [attack.row, attack.name, adapter, attack.what]))
}

await main()
