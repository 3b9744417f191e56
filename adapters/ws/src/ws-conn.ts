import type { Socket } from 'node:net'

import type { Batch, Conn, Session, Why } from '@fanfare/core'
import { Backlog, type Beating, type Deadlines, type Heartbeats } from '@fanfare/core/adapter'

import type { Inflow } from './inflow.ts'
import type { Speaker } from './unfinished.ts'
import { type ClosingWebSocket, type Owner, tell } from './web-socket.ts'
import type { Wire } from './wire.ts'

/** With so many bytes waiting in the socket, what follows has to wait until it has drained. */
const HIGH_WATER_BYTES = 65_536
const NOTHING = new Uint8Array(0)

/** A WebSocket that was opened, and the socket below it. */
export interface Opened {
  /** A {@link ClosingWebSocket} tells of a close frame at once; any other of the end of the connection. */
  readonly ws: ClosingWebSocket
  readonly socket: Socket
  /** What goes out is written through this; connections that negotiated the same share one. */
  readonly wire: Wire
}

/** What the connections of one adapter share. */
export interface WsHouse {
  readonly heartbeats: Heartbeats
  readonly inflow: Inflow
  /** Connections whose peer ended its side without saying goodbye. */
  readonly halfClosed: Deadlines<WsConn>
  /** Its TCP connection is over. */
  gone(conn: WsConn): void
}

/**
 * A connection of `ws` as the hub sees it. What comes in is `ws`'s business, and so are control frames; what goes out is
 * written to the upgraded socket itself, as whole frames between those of `ws`.
 *
 * It is its own heartbeat, and what its WebSocket tells of what happens: an idle connection shall hold as little as it can.
 */
export class WsConn implements Conn, Owner, Speaker, Beating {
  due = 0
  heardBefore: number | undefined
  readonly deflates: boolean
  readonly #ws: ClosingWebSocket
  readonly #socket: Socket
  readonly #wire: Wire
  readonly #house: WsHouse
  /** What was taken and is too much for the socket at once. Made when the socket takes less than it is given. */
  #backlog: Backlog | undefined
  /** One of the two sides said that it goes, or the connection broke: nothing more is written. */
  #over = false
  /** The last write left no room. */
  #full = false
  /** Until its end was reported. */
  #session: Session | undefined

  constructor({ ws, socket, wire }: Opened, house: WsHouse) {
    this.#ws = ws
    this.#socket = socket
    this.#wire = wire
    this.#house = house
    this.deflates = ws.extensions !== ''
    tell(this, ws)
  }

  /** Reports to the session from now on. */
  attach(session: Session): void {
    this.#session = session
    this.#house.heartbeats.start(this)
    this.#house.inflow.watch(this.#socket, this)
  }

  get over(): boolean {
    return this.#over
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + (this.#backlog?.bytes ?? 0)
  }

  write(batch: Batch): boolean {
    if (this.#over || !this.#socket.writable) return true
    if (batch.bytes <= HIGH_WATER_BYTES && (this.#backlog?.empty ?? true)) {
      this.#wire.write(this.#socket, batch)
      this.uncork()
    } else {
      this.uncork()
      this.#congested().push(this.#wire.pieces(batch))
      this.#feed()
    }
    return this.#hasRoom()
  }

  /** Lets the answer to the handshake go out, if it waited for the first thing to be said. */
  uncork(): void {
    if (this.#socket.writableCorked > 0) this.#socket.uncork()
  }

  /** The server is closing, or the peer gives no sign of life. */
  leave(why?: Why): void {
    this.#session?.leave(why)
  }

  close(code: number, reason: string): void {
    if (this.#over) return
    this.uncork()
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
    this.uncork()
    this.#backlog?.clear()
    resetIfFull(this.#socket)
    this.#ws.terminate()
  }

  cut(why: Why): void {
    // What comes meanwhile stays with the kernel.
    this.#socket.pause()
    this.leave(why)
    // In the middle of an operation of the hub the goodbye is said after it.
    setImmediate(() => this.terminate())
  }

  message(data: Buffer, isBinary: boolean): void {
    if (this.deflates) this.#house.inflow.delivered(this)
    this.#session?.receive(isBinary ? data : data.toString('utf8'))
  }

  closing(code: number, reason: string): void {
    // When the hub has closed it, the departure is the end of the TCP connection.
    if (!this.#over) this.#ended(code, reason)
  }

  closed(code: number, reason: Buffer): void {
    const house = this.#house
    house.heartbeats.stop(this)
    house.halfClosed.met(this)
    house.inflow.end(this)
    this.#ended(code, reason.toString())
    house.gone(this)
  }

  ring(): void {
    this.#house.heartbeats.beat(this)
  }

  heard(): number {
    return this.#socket.bytesRead
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
  }

  dead(): void {
    this.leave('idle')
    this.terminate()
  }

  /** The socket takes less than it is given: from now on it matters when it has drained, and when the peer ends its side. */
  #congested(): Backlog {
    if (this.#backlog) return this.#backlog
    const { halfClosed } = this.#house
    this.#socket.on('drain', () => this.#drained())
    // What is still to be sent may keep such a connection open for as long as the peer likes.
    this.#socket.once('end', () => halfClosed.start(this, () => this.terminate()))
    return (this.#backlog = new Backlog())
  }

  /** Hands the socket what waits, as long as not more than `highWater` bytes wait in it. */
  #feed(highWater = HIGH_WATER_BYTES): void {
    const socket = this.#socket
    while (this.#backlog && !this.#backlog.empty && socket.writableLength < highWater) {
      // Small pieces that follow one another go out in one write.
      socket.cork()
      for (const piece of this.#backlog.take(HIGH_WATER_BYTES)) this.#wire.write(socket, piece)
      socket.uncork()
    }
  }

  #hasRoom(): boolean {
    const socket = this.#socket
    if (socket.writableLength > 0) this.#congested()
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
    this.#backlog?.clear()
    const session = this.#session
    this.#session = undefined
    session?.closed(code, reason)
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
