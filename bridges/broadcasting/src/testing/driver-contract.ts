import {
  ContractSuite,
  type ContractTest,
  type Declaration,
  inWorld,
  type TestRunner,
} from '@fanfare/core/testing'

import { CARRYING, ORDER } from './carrying.ts'
import { type Crew, type DriverBench, withCrew } from './crew.ts'
import type { DriverAbility, MakeDriverStand } from './driver-stand.ts'
import { NODES, OUTAGES, STRANGERS, TOTAL_ORDER } from './nodes.ts'
import { REFUSING, SUBSCRIBING } from './subscribing.ts'

const crewed = (tests: Parameters<typeof inWorld<Crew, DriverBench>>[0]) => inWorld(tests, withCrew)

const SUITE = new ContractSuite<DriverAbility, DriverBench>([
  { name: 'carrying', tests: crewed(CARRYING) },
  { name: 'order', tests: crewed(ORDER) },
  { name: 'subscribing', tests: crewed(SUBSCRIBING) },
  { name: 'refusing', tests: crewed(REFUSING) },
  { name: 'nodes', needs: 'nodes', tests: crewed(NODES) },
  { name: 'one order', needs: 'total-order', tests: crewed(TOTAL_ORDER) },
  { name: 'strangers', needs: 'inject', tests: crewed(STRANGERS) },
  { name: 'outages', needs: 'outage', tests: crewed(OUTAGES) },
])

/**
 * The tests of the contract, and which of them are skipped for a driver with this declaration: without running anything.
 *
 * @throws when a skip names neither a test nor a part, or gives no reason
 */
export function driverTests(declaration: Declaration<DriverAbility> = {}): ContractTest[] {
  return SUITE.tests(declaration)
}

/**
 * Registers the tests that every driver has to pass. A test may take some seconds.
 *
 * @param runner - `{ describe, it, expect }` of vitest, jest or `bun:test`
 * @param name - what is tested: the title of the tests
 * @param make - makes a bus, empty
 * @param declaration - what the bus can do beyond the rest, and what does not hold there, with the reason
 * @throws when a skip names neither a test nor a part, or gives no reason
 *
 * @example
 * ```ts
 * driverContract({ describe, it, expect }, 'mine', async () => {
 *   const server = await startMyBus()
 *   return { connect: ({ buffer, logger }) => myDriver({ port: server.port, buffer, logger }), close: () => server.stop() }
 * }, { can: ['nodes'] })
 * ```
 */
export function driverContract(
  runner: TestRunner,
  name: string,
  make: MakeDriverStand,
  declaration: Declaration<DriverAbility> = {},
): void {
  SUITE.register(runner, name, { make, expect: runner.expect }, declaration)
}
