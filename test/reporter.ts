import { readFileSync } from 'node:fs'
import type { Reporter, TestModule, TestRunEndReason, TestSuite, Vitest } from 'vitest/node'

import { brokenClaims, capabilitiesIn, outcomesOf } from './capability-claims.ts'

type Counts = { passed: number; failed: number; skipped: number }

/** A module or suite that broke outside of its tests (a failing import or hook) counts as one failure. */
function countBroken(scope: TestModule | TestSuite): number {
  let broken = scope.errors().length > 0 ? 1 : 0
  for (const suite of scope.children.suites()) broken += countBroken(suite)
  return broken
}

function count(modules: readonly TestModule[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) {
    counts.failed += countBroken(module)
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      counts[state === 'pending' ? 'skipped' : state] += 1
    }
  }
  return counts
}

/** The claims of docs/capabilities.md that this run should have borne out and did not. */
async function claimsBrokenIn(modules: readonly TestModule[], vitest: Vitest): Promise<string[]> {
  const page = readFileSync(new URL('../docs/capabilities.md', import.meta.url), 'utf8')
  const claims = capabilitiesIn(page).flatMap((capability) => capability.claims)
  const ran = new Map(
    modules.map((module) => [
      module.relativeModuleId,
      outcomesOf(Array.from(module.children.allTests(), (test) => [test.fullName, test.result().state])),
    ]),
  )
  const all = await vitest.globTestSpecifications()
  const files = new Set(modules.map(({ moduleId }) => moduleId))
  return brokenClaims(
    claims,
    ran,
    all.every(({ moduleId }) => files.has(moduleId)),
  )
}

/**
 * Holds a run to what docs/capabilities.md says of its tests, and prints the totals as the last line, for people and
 * programs that read only that line.
 */
export default class CountsReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): Promise<void> {
    const broken = await this.#brokenClaims(modules, reason)
    for (const line of broken) process.stdout.write(`${line}\n`)
    if (broken.length > 0) process.exitCode = 1
    const { passed, failed, skipped } = count(modules)
    const failures = failed + unhandledErrors.length + broken.length
    process.stdout.write(`${passed} passed, ${failures} failed, ${skipped} skipped\n`)
  }

  /** Whoever asks for tests by name, or stops in the middle, did not mean to run them all. */
  async #brokenClaims(modules: readonly TestModule[], reason: TestRunEndReason): Promise<string[]> {
    const vitest = this.#vitest
    if (vitest === undefined || reason === 'interrupted' || vitest.getGlobalTestNamePattern()) return []
    return claimsBrokenIn(modules, vitest)
  }
}
