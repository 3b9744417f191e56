import type { Reporter, TestModule, TestSuite } from 'vitest/node'

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

/** Prints the totals as the last line of a run, for people and programs that read only that line. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const { passed, failed, skipped } = count(modules)
    process.stdout.write(`${passed} passed, ${failed + unhandledErrors.length} failed, ${skipped} skipped\n`)
  }
}
