import type { Socket } from 'node:net'

import type { Batch, Conn, Session } from '@fanfare/core'

import type { ClosingWebSocket } from './web-socket.ts'
import type { Wire } from './wire.ts'

/** With so many bytes waiting in the socket, the hub keeps what follows until it has drained. */
const HIGH_WATER_BYTES = 65_536

/**
 * A connection of `ws` as the hub sees it. What comes in is `ws`'s business, and so are control frames; what goes out is
 * written to the upgraded socket itself, as whole frames between those of `ws`.
 */
export class WsConn implements Conn {
  readonly #ws: ClosingWebSocket
  readonly #socket: Socket
  readonly #wire: Wire
  #closed = false

  constructor(ws: ClosingWebSocket, socket: Socket, wire: Wire) {
    this.#ws = ws
    this.#socket = socket
    this.#wire = wire
  }

  /** Reports to the session from now on; calls `gone` when the TCP connection is over. */
  attach(session: Session, gone: () => void): void {
    const ws = this.#ws
    ws.closing = (code, reason) => this.#peerGone(session, code, reason)
    ws.on('message', (data, isBinary) => session.receive(received(data as Buffer, isBinary)))
    ws.on('close', (code, reason) => {
      this.#peerGone(session, code, reason.toString())
      gone()
    })
    // `ws` closes the connection by itself after an error; without a listener it would end the process.
    ws.on('error', () => {})
    this.#socket.on('drain', () => session.writable())
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  write(batch: Batch): boolean {
    if (this.#closed || this.#socket.destroyed) return true
    this.#wire.write(this.#socket, batch)
    return this.#socket.writableLength < HIGH_WATER_BYTES
  }

  close(code: number, reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#ws.closing = undefined
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#closed = true
    this.#ws.terminate()
  }

  #peerGone(session: Session, code: number, reason: string): void {
    this.#closed = true
    session.closed(code, reason)
  }
}

function received(data: Buffer, isBinary: boolean): string | Uint8Array {
  return isBinary ? data : data.toString('utf8')
}
