/**
 * Fanfare over plain HTTP, where no WebSocket gets through: server-sent events and long polls as one fetch handler.
 *
 * @module
 */
export { httpAdapter, type HttpAdapter, type RequestInfo } from './http-adapter.ts'
export type { HttpAdapterOptions } from './options.ts'
