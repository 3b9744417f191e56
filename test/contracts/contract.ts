import { describe, test } from 'vitest'

/** Tests of a contract that do not hold somewhere, and why. */
export interface Skip {
  readonly reason: string
  readonly tests: readonly string[]
}

/** Tests by name, each to be run in a world of its own. */
export type Tests<World> = Readonly<Record<string, (world: World) => Promise<void>>>

/** The same tests with their worlds: `around` makes one, runs the test in it, and takes everything away again. */
export function inWorld<World>(
  tests: Tests<World>,
  around: (run: (world: World) => Promise<void>) => Promise<void>,
): Tests<void> {
  return Object.fromEntries(Object.entries(tests).map(([name, run]) => [name, () => around(run)]))
}

/** What is not run, and why. @throws when a skip names a test that does not exist, or gives no reason */
export function skipped(tests: object, skips: readonly Skip[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>()
  for (const { reason, tests: names } of skips) {
    if (reason.trim() === '') throw new Error(`a skip gives its reason: ${names.join(', ')}`)
    for (const name of names) {
      if (!Object.hasOwn(tests, name)) throw new Error(`there is no test '${name}' to skip`)
      reasons.set(name, reason)
    }
  }
  return reasons
}

// The names come from a table, and what is skipped is decided there: no mistake here, whatever the linter suspects.
/* oxlint-disable vitest/valid-title, vitest/expect-expect, vitest/no-conditional-tests, vitest/no-disabled-tests */

/** Registers the tests of a contract for one implementation. Another runner needs only `describe` and `test`. */
export function contract(title: string, tests: Tests<void>, skips: readonly Skip[] = []): void {
  const reasons = skipped(tests, skips)
  describe(title, () => {
    for (const [name, run] of Object.entries(tests)) {
      const reason = reasons.get(name)
      if (reason === undefined) test(name, () => run())
      else test.skip(`${name} (${reason})`, () => {})
    }
  })
}
