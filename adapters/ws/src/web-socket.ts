import { WebSocket } from 'ws'

/** Told that a socket is about to close, by the peer's close frame or by an error in what it sent. */
export type Closing = (code: number, reason: string) => void

/**
 * A WebSocket that says when the close frame comes. `ws` itself tells of the end of the TCP connection alone, which may
 * come much later: a departure is when the peer says it goes. `ws` answers a close frame, and ends a connection after an
 * error, through its public `close`.
 */
export class ClosingWebSocket extends WebSocket {
  /** Told of every close, by whichever side. */
  closing: Closing | undefined

  override close(code?: number, data?: string | Buffer): void {
    super.close(code, data)
    this.closing?.(code ?? 1005, data?.toString() ?? '')
  }
}
