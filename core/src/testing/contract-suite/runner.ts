/** What the contract asks of a value: the part of `expect` in which vitest, jest and bun agree. */
export interface Matchers {
  readonly not: Pick<Matchers, 'toBe' | 'toEqual'>
  toBe(expected: unknown): void
  toEqual(expected: unknown): void
  toBeGreaterThan(least: number): void
}

/** A runner's `expect`. */
export type Expect = (value: unknown) => Matchers

/** A test runner's functions, whichever runner it is: vitest, jest and `bun:test` have them. */
export interface TestRunner {
  readonly describe: (title: string, define: () => void) => unknown
  readonly it: {
    (name: string, run: () => Promise<void>): unknown
    readonly skip: (name: string, run: () => Promise<void>) => unknown
  }
  readonly expect: Expect
}
