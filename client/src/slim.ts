/**
 * The client with WebSocket as its only transport, for pages that count bytes. More of them are given by hand:
 * `transports: [fallback([websocket(WebSocket), sse()])]`.
 *
 * @module
 */
export { FanfareClient } from './client.ts'
export * from './exports.ts'
