/**
 * Test realtime code without a socket, and without waiting: connections in memory with switches, a clock that stands
 * still until it is told to move, and a hub made of both.
 *
 * @module
 */
export { dial, type DialOptions, DialRefused } from './dial.ts'
export { ManualClock } from './manual-clock.ts'
export { type ClosedWith, MemoryConn } from './memory-conn.ts'
export { testHub, type TestHub, testPlatform } from './test-hub.ts'
