/**
 * Fanfare over plain HTTP, where no WebSocket gets through: server-sent events and long polls as one fetch handler.
 *
 * @module
 */
export { httpAdapter, type HttpAdapter } from './http-adapter.ts'
export type { RequestInfo } from './request-info.ts'
export type { HttpAdapterOptions } from './options.ts'
