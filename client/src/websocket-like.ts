/**
 * The part of a WebSocket that the client uses. Handlers are `unknown`, since hosts disagree about the type of their
 * events.
 */
export interface WebSocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  onopen: unknown
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(data: string): void
  close(code?: number, reason?: string): void
  /** Of `ws` only: cuts the connection. */
  terminate?(): void
}

/** The WebSocket class of a browser, of Node 22, Deno or Bun, or of the package `ws`. */
export type WebSocketClass = new (url: string) => WebSocketLike
