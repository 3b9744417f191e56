import { ContractSuite, type ContractTest, inWorld } from '../contract-suite/suite.ts'
import { ADMISSION } from './admission.ts'
import { CLOSING } from './closing.ts'
import { CUTTING } from './cutting.ts'
import { DEAD_PEERS, LIVE_PEERS } from './dead-peers.ts'
import { DRAIN } from './drain.ts'
import { ECHO } from './echo.ts'
import { EVICTIONS } from './evictions.ts'
import { HOSTILE_BYTES, HOSTILE_TEXT } from './hostile.ts'
import { LEAVING } from './leaving.ts'
import { LIMITS, LIMITS_OF_PINGS, LIMITS_OF_THE_UNFINISHED } from './limits.ts'
import { POLICIES } from './policies.ts'
import { RECEIVING } from './receiving.ts'
import { ROOM } from './room.ts'
import type { TestRunner } from '../contract-suite/runner.ts'
import { onStage } from './stage.ts'
import type { Ability, MakeStand } from './stand.ts'
import type { Bench, ContractDeclaration } from './tests.ts'
import { withProbe } from './world.ts'
import { WRITING } from './writing.ts'

const SUITE = new ContractSuite<Ability, Bench>([
  { name: 'writing', tests: inWorld(WRITING, withProbe) },
  { name: 'back-pressure', tests: inWorld(ROOM, withProbe) },
  { name: 'receiving', tests: inWorld(RECEIVING, withProbe) },
  { name: 'closing', tests: inWorld(CLOSING, withProbe) },
  { name: 'leaving', tests: inWorld(LEAVING, withProbe) },
  { name: 'cutting', tests: inWorld(CUTTING, withProbe) },
  { name: 'slow consumers', tests: inWorld(POLICIES, onStage) },
  { name: 'evictions', tests: inWorld(EVICTIONS, onStage) },
  { name: 'echo', tests: inWorld(ECHO, onStage) },
  { name: 'admission', needs: 'ask', tests: inWorld(ADMISSION, onStage) },
  { name: 'dead peers', needs: 'freeze', tests: inWorld(DEAD_PEERS, onStage) },
  { name: 'dead peers', tests: inWorld(LIVE_PEERS, onStage) },
  { name: 'limits', tests: inWorld(LIMITS, onStage) },
  { name: 'limits', needs: 'begin', tests: inWorld(LIMITS_OF_THE_UNFINISHED, onStage) },
  { name: 'limits', needs: 'ping', tests: inWorld(LIMITS_OF_PINGS, onStage) },
  { name: 'drain', tests: inWorld(DRAIN, onStage) },
  { name: 'hostile frames', tests: inWorld(HOSTILE_TEXT, onStage) },
  { name: 'hostile frames', needs: 'sendRaw', tests: inWorld(HOSTILE_BYTES, onStage) },
])

/**
 * The tests of the contract, and which of them are skipped for an adapter with this declaration: without running anything.
 *
 * @throws when a skip names neither a test nor a part, or gives no reason
 */
export function contractTests(declaration: ContractDeclaration = {}): ContractTest[] {
  return SUITE.tests(declaration)
}

/**
 * Registers the tests that every adapter has to pass: what a `Conn` does, what becomes of slow peers through it, who is let
 * in, and what a real gateway does on it. A test may take some seconds.
 *
 * @param runner - `{ describe, it, expect }` of vitest, jest or `bun:test`
 * @param name - what is tested: the title of the tests
 * @param make - puts a gateway on the adapter under test
 * @param declaration - what the stand can do beyond the rest, and what does not hold there, with the reason
 * @throws when a skip names neither a test nor a part, or gives no reason
 *
 * @example
 * ```ts
 * adapterContract({ describe, it, expect }, 'mine', async (gateway) => {
 *   const server = await serve(gateway)
 *   return { connect: () => MyPeer.open(server.port), close: () => server.close() }
 * })
 * ```
 */
export function adapterContract(
  runner: TestRunner,
  name: string,
  make: MakeStand,
  declaration: ContractDeclaration = {},
): void {
  const bench = { make, expect: runner.expect, can: new Set(declaration.can) }
  SUITE.register(runner, name, bench, declaration)
}
