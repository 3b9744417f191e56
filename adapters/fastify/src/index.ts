/**
 * Fanfare as a Fastify plugin.
 *
 * @module
 */
export { fanfare, type FanfareOptions } from './fanfare.ts'
export { requestOf } from './handshake.ts'
