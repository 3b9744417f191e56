/**
 * Fanfare on `ws` and `node:http`.
 *
 * @module
 */
export { attach, type AttachOptions } from './attach.ts'
export type { CompressionOptions } from './compression.ts'
export type { Attached } from './mount.ts'
export { serve, type Served, type ServeOptions } from './serve.ts'
