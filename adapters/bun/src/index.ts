/**
 * Fanfare on Bun.serve, natively.
 *
 * @module
 */
export { bunAdapter, type BunAdapter, type BunServerOptions } from './bun-adapter.ts'
export type { BunAdapterOptions, CompressionOptions } from './options.ts'
export type { Seat } from './seat.ts'
export { type RequestInfo, serve, type Served, type ServeOptions } from './serve.ts'
