/**
 * The server behind the command `fanfare serve`, for programs.
 *
 * @module
 */
export type { Settings } from './config/table.ts'
export { type Running, serve } from './serve.ts'
