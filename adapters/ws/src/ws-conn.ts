import type { Socket } from 'node:net'

import type { Batch, Conn, Session } from '@fanfare/core'
import { Backlog } from '@fanfare/core/adapter'

import type { ClosingWebSocket } from './web-socket.ts'
import type { Wire } from './wire.ts'

/** With so many bytes waiting in the socket, what follows has to wait until it has drained. */
const HIGH_WATER_BYTES = 65_536
const NOTHING = new Uint8Array(0)

/**
 * A connection of `ws` as the hub sees it. What comes in is `ws`'s business, and so are control frames; what goes out is
 * written to the upgraded socket itself, as whole frames between those of `ws`.
 */
export class WsConn implements Conn {
  readonly #ws: ClosingWebSocket
  readonly #socket: Socket
  readonly #wire: Wire
  /** What was taken and is too much for the socket at once. */
  readonly #backlog = new Backlog()
  /** One of the two sides said that it goes, or the connection broke: nothing more is written. */
  #over = false
  /** The last write left no room. */
  #full = false
  #session: Session | undefined
  #reported = false

  constructor(ws: ClosingWebSocket, socket: Socket, wire: Wire) {
    this.#ws = ws
    this.#socket = socket
    this.#wire = wire
    // `ws` closes the connection by itself after an error; without a listener it would end the process.
    ws.on('error', () => {})
  }

  /** Reports to the session from now on; calls `gone` when the TCP connection is over. */
  attach(session: Session, gone: () => void): void {
    const ws = this.#ws
    this.#session = session
    // When the hub has closed it, the departure is the end of the TCP connection.
    ws.closing = (code, reason) => {
      if (!this.#over) this.#ended(code, reason)
    }
    ws.on('message', (data, isBinary) => session.receive(received(data as Buffer, isBinary)))
    ws.on('close', (code, reason) => {
      this.#ended(code, reason.toString())
      gone()
    })
    this.#socket.on('drain', () => this.#drained())
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#backlog.bytes
  }

  write(batch: Batch): boolean {
    if (this.#over || !this.#socket.writable) return true
    if (batch.bytes <= HIGH_WATER_BYTES && this.#backlog.empty) this.#wire.write(this.#socket, batch)
    else {
      this.#backlog.push(this.#wire.pieces(batch))
      this.#feed()
    }
    return this.#hasRoom()
  }

  close(code: number, reason: string): void {
    if (this.#over) return
    if (this.#socket.writable) this.#feed(Infinity)
    this.#over = true
    try {
      this.#ws.close(code, reason)
    } catch {
      // A protocol of the user's gave a code that no close frame can carry.
      this.#ws.terminate()
    }
  }

  terminate(): void {
    this.#over = true
    this.#backlog.clear()
    resetIfFull(this.#socket)
    this.#ws.terminate()
  }

  /** Hands the socket what waits, as long as not more than `highWater` bytes wait in it. */
  #feed(highWater = HIGH_WATER_BYTES): void {
    while (this.#socket.writableLength < highWater) {
      const piece = this.#backlog.shift()
      if (!piece) return
      this.#wire.write(this.#socket, piece)
    }
  }

  #hasRoom(): boolean {
    const socket = this.#socket
    if (socket.writableLength < HIGH_WATER_BYTES) return true
    this.#full = true
    // A socket tells that it has drained only if its own high-water mark was reached, and that may lie above ours.
    if (!socket.writableNeedDrain) socket.write(NOTHING, () => this.#drained())
    return false
  }

  #drained(): void {
    if (!this.#full || this.#over || !this.#socket.writable) return
    this.#feed()
    if (!this.#hasRoom()) return
    this.#full = false
    this.#session?.writable()
  }

  #ended(code: number, reason: string): void {
    this.#over = true
    this.#backlog.clear()
    if (this.#reported) return
    this.#reported = true
    this.#session?.closed(code, reason)
  }
}

/**
 * A peer that takes nothing leaves its share in the kernel's buffers too, for minutes after an ordinary end. It cannot
 * get the rest of what was written any more, so nothing is lost by a reset.
 */
function resetIfFull(socket: Socket): void {
  if (socket.writableLength === 0 || socket.destroyed || socket.writableEnded) return
  try {
    socket.resetAndDestroy()
  } catch {
    // Only TCP has it, not TLS; then the ordinary end that follows has to do.
  }
}

function received(data: Buffer, isBinary: boolean): string | Uint8Array {
  return isBinary ? data : data.toString('utf8')
}
