import type { Batch, Conn, Frame, Session } from '../contract/conn.ts'
import { taken } from '../ground/bytes.ts'

/** How an in-memory connection ended. */
export interface ClosedWith {
  readonly code: number
  readonly reason: string
}

/**
 * A connection without a socket. What is written to it the peer has at once, unless it is stalled; switches make it
 * misbehave. Give it to `hub.add`, and its session back to {@link attach}.
 */
export class MemoryConn implements Conn {
  /** What the peer received, in order: text and bytes. */
  readonly received: (string | Uint8Array)[] = []
  /** The batches written, one per `write`. */
  readonly batches: Batch[] = []
  /** The close code and reason the hub sent; `undefined` while open. */
  closedWith: ClosedWith | undefined
  /** Called with each message that the peer takes. */
  onMessage: ((data: string | Uint8Array) => void) | undefined
  /** Whether the hub cut the connection. */
  terminated = false
  readonly #highWater: number
  #session: Session | undefined
  #waiting: Frame[] = []
  #stalled = false
  #askedForRoom = false
  #failNext = false
  #over: ClosedWith | undefined

  /** @param highWater - with this many bytes waiting, or more, `write` says that there is no room. @defaultValue `1` */
  constructor(highWater = 1) {
    this.#highWater = highWater
  }

  /** Connects the peer's side: from now on what happens here is reported, and an end that came before is. */
  attach(session: Session): this {
    this.#session = session
    if (this.#over) session.closed(this.#over.code, this.#over.reason)
    return this
  }

  // The hub's side.

  get bufferedBytes(): number {
    return this.#waiting.reduce((sum, frame) => sum + frame.bytes, 0)
  }

  write(batch: Batch): boolean {
    if (this.#over || this.closedWith) return true
    if (this.#failNext) {
      this.#end(1006, 'the next write was to fail')
      return false
    }
    this.batches.push(batch)
    for (const frame of batch.frames) this.#waiting.push(frame)
    if (!this.#stalled) this.#take(this.#waiting.length)
    const room = this.bufferedBytes < this.#highWater
    if (!room) this.#askedForRoom = true
    return room
  }

  close(code: number, reason: string): void {
    if (this.closedWith || this.#over) return
    this.closedWith = { code, reason }
    if (this.#waiting.length === 0) this.#end(code, reason)
  }

  terminate(): void {
    if (this.terminated) return
    this.terminated = true
    this.#end(1006, 'terminated')
  }

  // The peer's side.

  /** The peer's text frames, parsed as JSON. A frame that is no JSON is given as it is. */
  get messages(): unknown[] {
    return this.received.map((data) => (typeof data === 'string' ? parsed(data) : data))
  }

  /** What arrived since the last call, parsed as {@link messages}. */
  take(): unknown[] {
    const messages = this.messages
    this.received.length = 0
    return messages
  }

  /** Whether the connection is open as the peer sees it. */
  get open(): boolean {
    return !this.#over && !this.closedWith
  }

  /** The peer sends a message; bytes are copied, as a socket does, and values other than text and bytes are printed as JSON. */
  says(message: unknown): void {
    if (this.#over) return
    const raw = typeof message === 'string' || message instanceof Uint8Array
    this.#session?.receive(raw ? taken(message) : JSON.stringify(message))
  }

  /** From now on the peer takes nothing. */
  stall(): void {
    this.#stalled = true
  }

  /** The peer takes everything that waits, and what comes. */
  resume(): void {
    this.#stalled = false
    this.drain(this.#waiting.length)
  }

  /** The peer takes `frames` of the frames that wait, and stalls again. */
  drain(frames: number): void {
    this.#take(frames)
    if (this.#waiting.length > 0 || this.#over) return
    if (this.closedWith) {
      this.#end(this.closedWith.code, this.closedWith.reason)
      return
    }
    if (!this.#askedForRoom) return
    this.#askedForRoom = false
    this.#session?.writable()
  }

  /** The next write finds the connection broken. */
  failNextWrite(): void {
    this.#failNext = true
  }

  /** The peer goes by itself. */
  peerCloses(code = 1000, reason = ''): void {
    this.#end(code, reason)
  }

  #take(frames: number): void {
    for (const { data } of this.#waiting.splice(0, frames)) {
      this.received.push(data)
      this.onMessage?.(data)
    }
  }

  #end(code: number, reason: string): void {
    if (this.#over) return
    this.#over = { code, reason }
    this.#waiting = []
    this.#session?.closed(code, reason)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
