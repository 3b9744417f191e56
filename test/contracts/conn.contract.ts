import { adapterContract, type ContractDeclaration, type MakeStand } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { ADAPTERS } from '../adapters/skips.ts'

/**
 * The contract of adapters under vitest (and `bun test`, which takes what is imported of vitest for its own). What does not
 * hold for an adapter is said in one place, `test/adapters/skips.ts`, from which the table in README.md is made too.
 */
export function connContract(
  name: string,
  make: MakeStand,
  declaration: ContractDeclaration = ADAPTERS[name] ?? {},
): void {
  adapterContract({ describe, it, expect }, `Conn: ${name}`, make, declaration)
}
