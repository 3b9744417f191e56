import type { TestRunner } from './runner.ts'

/** Tests of a contract that do not hold somewhere, and why. */
export interface Skip {
  readonly reason: string
  /** Names of tests, or of whole parts. */
  readonly tests: readonly string[]
}

/** What is said beforehand of what is tested: what its stand can do, and what does not hold. */
export interface Declaration<Ability extends string> {
  /** The optional abilities of the stand. Tests that need another one are skipped. @defaultValue none */
  readonly can?: readonly Ability[] | undefined
  readonly skip?: readonly Skip[] | undefined
}

/** Tests by name, each to be run in a world of its own. */
export type Tests<World> = Readonly<Record<string, (world: World) => Promise<void>>>

/** A group of tests about one thing. */
export interface Part<Ability extends string, Bench> {
  readonly name: string
  /** Without it these tests are skipped. */
  readonly needs?: Ability
  readonly tests: Tests<Bench>
}

/** One test of a contract, as it applies to what is tested. */
export interface ContractTest {
  /** What it belongs to. */
  readonly part: string
  readonly name: string
  /** Why it is not run; `undefined` when it is. */
  readonly skipped: string | undefined
}

/** The same tests with their worlds: `around` makes one, runs the test in it, and takes everything away again. */
export function inWorld<World, Bench>(
  tests: Tests<World>,
  around: (bench: Bench, run: (world: World) => Promise<void>) => Promise<void>,
): Tests<Bench> {
  return Object.fromEntries(
    Object.entries(tests).map(([name, run]) => [name, (bench: Bench) => around(bench, run)]),
  )
}

/** A contract as tests: the same ones for everything that claims to keep it. */
export class ContractSuite<Ability extends string, Bench> {
  readonly #parts: readonly Part<Ability, Bench>[]

  constructor(parts: readonly Part<Ability, Bench>[]) {
    this.#parts = parts
  }

  /**
   * The tests, and which of them are skipped under a declaration: without running anything.
   *
   * @throws when a skip names neither a test nor a part, or gives no reason
   */
  tests(declaration: Declaration<Ability> = {}): ContractTest[] {
    const reasons = this.#reasons(declaration)
    return this.#parts.flatMap(({ name: part, tests }) =>
      Object.keys(tests).map((name) => ({ part, name, skipped: reasons.get(name) })),
    )
  }

  /**
   * Registers the tests with a runner.
   *
   * @throws when a skip names neither a test nor a part, or gives no reason
   */
  register(
    { describe, it }: TestRunner,
    name: string,
    bench: Bench,
    declaration: Declaration<Ability>,
  ): void {
    const reasons = this.#reasons(declaration)
    describe(name, () => {
      for (const [test, run] of this.#parts.flatMap(({ tests }) => Object.entries(tests))) {
        const reason = reasons.get(test)
        if (reason === undefined) it(test, () => run(bench))
        else it.skip(`${test} (${reason})`, () => Promise.resolve())
      }
    })
  }

  /** What is not run, and why, by name. */
  #reasons({ can = [], skip = [] }: Declaration<Ability>): ReadonlyMap<string, string> {
    const reasons = new Map<string, string>()
    for (const { needs, tests } of this.#parts) {
      if (needs === undefined || can.includes(needs)) continue
      for (const name of Object.keys(tests)) reasons.set(name, `the stand has no ${needs}`)
    }
    for (const { reason, tests } of skip) {
      if (reason.trim() === '') throw new Error(`a skip gives its reason: ${tests.join(', ')}`)
      for (const name of tests.flatMap((word) => this.#named(word))) reasons.set(name, reason)
    }
    return reasons
  }

  /** The names of the tests that a word in a skip stands for. */
  #named(word: string): string[] {
    const whole = this.#parts.filter(({ name }) => name === word)
    if (whole.length > 0) return whole.flatMap(({ tests }) => Object.keys(tests))
    if (this.#parts.some(({ tests }) => Object.hasOwn(tests, word))) return [word]
    throw new Error(`there is no test '${word}' to skip`)
  }
}
