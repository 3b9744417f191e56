import type { Batch, Conn, Frame, Session } from '@fanfare/core'
import { Backlog, type Deadlines, inPieces } from '@fanfare/core/adapter'
import type { ServerWebSocket } from 'bun'

/** With so many bytes waiting in the socket, what follows has to wait until it has drained. */
const HIGH_WATER_BYTES = 65_536

/** What the connections of one adapter share. */
export interface BunConnOptions {
  /** Messages of so many bytes and more are compressed. */
  readonly compressFrom: number
  /** For connections that are being closed: a peer may leave that unanswered. */
  readonly closing: Deadlines<BunConn>
}

/** A connection of Bun.serve as the hub sees it. */
export class BunConn implements Conn {
  readonly #ws: ServerWebSocket<unknown>
  readonly #options: BunConnOptions
  /** What was taken and is too much for the socket at once. */
  readonly #backlog = new Backlog()
  /** One of the two sides said that it goes, or the connection broke: nothing more is written. */
  #over = false
  /** The last write left no room. */
  #full = false
  #session: Session | undefined

  constructor(ws: ServerWebSocket<unknown>, options: BunConnOptions) {
    this.#ws = ws
    this.#options = options
  }

  /** Reports to the session from now on. */
  attach(session: Session): void {
    this.#session = session
  }

  get bufferedBytes(): number {
    return this.#ws.getBufferedAmount() + this.#backlog.bytes
  }

  write(batch: Batch): boolean {
    if (this.#over) return true
    if (batch.bytes <= HIGH_WATER_BYTES && this.#backlog.empty) this.#send(batch)
    else {
      this.#backlog.push(inPieces(batch))
      this.#feed()
    }
    return this.#hasRoom()
  }

  close(code: number, reason: string): void {
    if (this.#over) return
    this.#feed(Infinity)
    this.#over = true
    this.#options.closing.start(this, () => this.terminate())
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#over = true
    this.#backlog.clear()
    this.#ws.terminate()
  }

  /** The socket has handed something to the kernel. */
  drained(): void {
    if (!this.#full || this.#over) return
    this.#feed()
    if (!this.#hasRoom()) return
    this.#full = false
    this.#session?.writable()
  }

  /** The connection is over, or the peer said that it goes. */
  ended(code: number, reason: string): void {
    this.#over = true
    this.#backlog.clear()
    this.#options.closing.met(this)
    this.#session?.closed(code, reason)
  }

  /** Hands the socket what waits, as long as not more than `highWater` bytes wait in it. */
  #feed(highWater = HIGH_WATER_BYTES): void {
    while (this.#ws.getBufferedAmount() < highWater) {
      const piece = this.#backlog.shift()
      if (!piece) return
      this.#send(piece)
    }
  }

  #hasRoom(): boolean {
    if (this.bufferedBytes < HIGH_WATER_BYTES) return true
    this.#full = true
    return false
  }

  /** The frames of a batch in one write. */
  #send({ frames }: Batch): void {
    const [first] = frames
    if (frames.length === 1 && first) this.#put(first)
    else {
      this.#ws.cork(() => {
        for (const frame of frames) this.#put(frame)
      })
    }
  }

  #put({ data, bytes }: Frame): void {
    const compress = bytes >= this.#options.compressFrom
    if (typeof data === 'string') this.#ws.sendText(data, compress)
    else this.#ws.sendBinary(data, compress)
  }
}
