/**
 * A client for Fanfare servers, in browsers and in Node.
 *
 * @module
 */
export * from './exports.ts'
export { FanfareClient } from './full-client.ts'
