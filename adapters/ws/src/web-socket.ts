import { WebSocket } from 'ws'

/** Whoever is told what happens to a WebSocket. */
export interface Owner {
  message(data: Buffer, isBinary: boolean): void
  /** It is about to close, by the peer's close frame or by an error in what it sent. */
  closing(code: number, reason: string): void
  /** The TCP connection is over. */
  closed(code: number, reason: Buffer): void
}

/**
 * A WebSocket that says when the close frame comes. `ws` itself tells of the end of the TCP connection alone, which may
 * come much later: a departure is when the peer says it goes. `ws` answers a close frame, and ends a connection after an
 * error, through its public `close`.
 *
 * It tells its owner directly: four listeners on each of ten thousand sockets would be most of what these take.
 */
export class ClosingWebSocket extends WebSocket {
  owner: Owner | undefined

  override close(code?: number, data?: string | Buffer): void {
    super.close(code, data)
    this.owner?.closing(code ?? 1005, data?.toString() ?? '')
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const { owner } = this
    if (owner) {
      if (event === 'message') owner.message(values[0] as Buffer, values[1] as boolean)
      else if (event === 'close') owner.closed(values[0] as number, values[1] as Buffer)
      // `ws` closes the connection by itself after an error; without a listener it would end the process.
      else if (event === 'error' && this.listenerCount('error') === 0) return false
    }
    return super.emit(event, ...values)
  }
}

/** Has the owner told of what happens; of the close frame by a {@link ClosingWebSocket} alone. */
export function tell(owner: Owner, ws: WebSocket): void {
  if (ws instanceof ClosingWebSocket) {
    ws.owner = owner
    return
  }
  ws.on('error', () => {})
  ws.on('message', (data, isBinary) => owner.message(data as Buffer, isBinary))
  ws.on('close', (code, reason) => owner.closed(code, reason))
}
