/**
 * Test realtime code without a socket, and without waiting: connections in memory with switches, a clock that stands
 * still until it is told to move, and a hub made of both.
 *
 * @module
 */
export { adapterContract, contractTests } from './adapter-contract/index.ts'
export { batchOf, frameOf, plainData, Probe, ProbeGateway, WatchedGateway } from './adapter-contract/probe.ts'
export type { Ability, Knock, KnockAnswer, MakeStand, Peer, Stand } from './adapter-contract/stand.ts'
export type { ContractDeclaration } from './adapter-contract/tests.ts'
export type { Expect, Matchers, TestRunner } from './contract-suite/runner.ts'
export {
  ContractSuite,
  type ContractTest,
  type Declaration,
  inWorld,
  type Part,
  type Skip,
  type Tests,
} from './contract-suite/suite.ts'
export { turns, until } from './contract-suite/wait.ts'
export { dial, type DialOptions, DialRefused } from './dial.ts'
export { ManualClock } from './manual-clock.ts'
export { type ClosedWith, MemoryConn } from './memory-conn.ts'
export { testGateway, type TestGateway, type TestGatewayOptions } from './test-gateway.ts'
export { testHub, type TestHub, testPlatform } from './test-hub.ts'
export { type NativeFrame, TestPeer } from './test-peer.ts'
