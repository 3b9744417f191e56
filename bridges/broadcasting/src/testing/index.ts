/**
 * For tests: a broadcaster that records what would have been broadcast, and the contract that every driver keeps.
 *
 * @module
 */
export { driverContract, driverTests } from './driver-contract.ts'
export type { DriverAbility, DriverStand, MakeDriverStand, StandOptions } from './driver-stand.ts'
export { FakeBroadcaster, fakeBroadcaster, type RecordedEvent } from './fake-broadcaster.ts'
