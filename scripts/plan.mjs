// npm run plan -- [--clients 1000000] [--rate 1] [--per-channel 1000] …
// How many nodes a load takes, and what happens when one is lost: on paper, from the figures in bench/results.
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { readResults, RESULTS } from '../bench/lib/results.mjs'
import { UsageError } from '../bench/lib/options.mjs'
import { NEEDED } from '../bench/plan/figures.mjs'
import { planOptions, USAGE } from '../bench/plan/options.mjs'
import { planned } from '../bench/plan/plan.mjs'
import { planText } from '../bench/plan/report.mjs'

function main(args) {
  const { load, help, results } = planOptions(args)
  if (help) {
    console.log(USAGE)
    return
  }
  const folder = results === undefined ? RESULTS : pathToFileURL(`${resolve(results)}/`)
  const found = readResults(folder, Object.keys(NEEDED))
  const plan = planned(load, found)
  console.log(planText(plan, found))
  // Without nodes there is no plan.
  if (!plan.size) process.exitCode = 1
}

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`plan: ${error.message}`)
  process.exitCode = 2
}
