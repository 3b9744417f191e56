import type { Declaration } from '../contract-suite/suite.ts'
import type { Expect } from '../contract-suite/runner.ts'
import type { Ability, MakeStand } from './stand.ts'

export type { Tests } from '../contract-suite/suite.ts'

/** What an adapter's tests say of it beforehand: what its stand can do, and what does not hold. */
export type ContractDeclaration = Declaration<Ability>

/** Where a test runs: what it may stand on, and how it says what it expects. */
export interface Bench {
  readonly make: MakeStand
  readonly can: ReadonlySet<Ability>
  readonly expect: Expect
}
