import type { Expect } from './runner.ts'
import type { Ability, MakeStand } from './stand.ts'

/** Tests of the contract that do not hold somewhere, and why. */
export interface Skip {
  readonly reason: string
  /** Names of tests, or of whole parts. */
  readonly tests: readonly string[]
}

/** What an adapter's tests say of it beforehand: what its stand can do, and what does not hold. */
export interface ContractDeclaration {
  /** The optional abilities of the stand and its peers. Tests that need another one are skipped. @defaultValue none */
  readonly can?: readonly Ability[] | undefined
  readonly skip?: readonly Skip[] | undefined
}

/** Where a test runs: what it may stand on, and how it says what it expects. */
export interface Bench {
  readonly make: MakeStand
  readonly can: ReadonlySet<Ability>
  readonly expect: Expect
}

/** Tests by name, each to be run in a world of its own. */
export type Tests<World> = Readonly<Record<string, (world: World) => Promise<void>>>

/** A group of tests about one thing. */
export interface Part {
  readonly name: string
  /** Without it these tests are skipped. */
  readonly needs?: Ability
  readonly tests: Tests<Bench>
}

/** The same tests with their worlds: `around` makes one, runs the test in it, and takes everything away again. */
export function inWorld<World>(
  tests: Tests<World>,
  around: (bench: Bench, run: (world: World) => Promise<void>) => Promise<void>,
): Tests<Bench> {
  return Object.fromEntries(
    Object.entries(tests).map(([name, run]) => [name, (bench: Bench) => around(bench, run)]),
  )
}

/**
 * What is not run, and why, by name.
 *
 * @throws when a skip names neither a test nor a part, or gives no reason
 */
export function skippedTests(
  parts: readonly Part[],
  { can = [], skip = [] }: ContractDeclaration,
): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>()
  for (const { needs, tests } of parts) {
    if (needs === undefined || can.includes(needs)) continue
    for (const name of Object.keys(tests)) reasons.set(name, `the stand has no ${needs}`)
  }
  for (const { reason, tests } of skip) {
    if (reason.trim() === '') throw new Error(`a skip gives its reason: ${tests.join(', ')}`)
    for (const name of tests.flatMap((word) => named(parts, word))) reasons.set(name, reason)
  }
  return reasons
}

/** The names of the tests that a word in a skip stands for. */
function named(parts: readonly Part[], word: string): string[] {
  const whole = parts.filter(({ name }) => name === word).flatMap(({ tests }) => Object.keys(tests))
  if (whole.length > 0) return whole
  if (parts.some(({ tests }) => Object.hasOwn(tests, word))) return [word]
  throw new Error(`there is no test '${word}' to skip`)
}
