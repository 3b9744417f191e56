/**
 * For those who write a driver for a bus with a server behind it: give {@link BusDriver} a {@link Bus}, and it does the rest.
 *
 * @module
 */
export type { Bus, Dial, DialAttempt, Wire, WireEvents } from './wire.ts'
export { BusDriver } from './bus-driver.ts'
export type { BusStats } from './bus-driver.ts'
export { BUS_OPTIONS, type BeatTimes, type BusOptions, busOptionsIn, type QueueLimits } from './options.ts'
export { nameOnBus, PARTITIONS, partitionOf, partitionTag } from './partition.ts'
export { RefusedError, UnknownOutcomeError } from './errors.ts'
