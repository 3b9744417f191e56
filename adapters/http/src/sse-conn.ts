import type { Batch, Session } from '@fanfare/core'

import type { Wire, Written } from './wire.ts'
import { closeEvent, COMMENT } from './sse-events.ts'
import type { Ending } from './ending.ts'
import type { HttpConn } from './seat.ts'

/** With so many bytes waiting in the stream, what follows has to wait until it has drained. */
const HIGH_WATER_BYTES = 65_536
/** The stream is handed so much at once, unless a single event is larger. */
const PIECE_BYTES = 65_536
const ENCODER = new TextEncoder()

/** A client's stream of server-sent events, as the hub sees it. */
export class SseConn implements HttpConn {
  readonly needsPings = true
  /** The body of the response. It takes what waits when it is read, not before. */
  readonly stream: ReadableStream<Uint8Array>
  readonly #wire: Wire
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #queue: Written[] = []
  #bytes = 0
  /** Counts the events. */
  #id = 0
  /** It was read, and there was nothing. */
  #hungry = false
  /** The last write left no room. */
  #full = false
  /** The hub closed it: nothing more is written, what waits still goes out. */
  #ending: Ending | undefined
  #over = false
  #session: Session | undefined
  #gone: () => void = () => {}

  constructor(wire: Wire, greeting: string) {
    this.#wire = wire
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#pulled(),
        cancel: () => this.#ended({ code: 1006, reason: '' }),
      },
      { highWaterMark: 0 },
    )
    this.#push(`id: ${String(++this.#id)}\n${greeting}`, greeting.length)
  }

  attach(session: Session, gone: () => void): void {
    this.#session = session
    this.#gone = gone
    if (this.#over) gone()
  }

  get bufferedBytes(): number {
    return this.#bytes
  }

  write(batch: Batch): boolean {
    if (this.#ending || this.#over) return true
    for (const frame of batch.frames) {
      const { text, bytes } = this.#wire.of(frame)
      const id = `id: ${String(++this.#id)}\n`
      this.#push(id + text, id.length + bytes)
    }
    this.#feed()
    if (this.#bytes < HIGH_WATER_BYTES) return true
    this.#full = true
    return false
  }

  /** A sign of life for the client and for what stands between; not needed while anything else waits. */
  comment(): void {
    if (this.#bytes > 0 || this.#ending || this.#over) return
    this.#push(COMMENT, COMMENT.length)
    this.#feed()
  }

  close(code: number, reason: string): void {
    if (this.#ending || this.#over) return
    this.#ending = { code, reason }
    const event = closeEvent(this.#ending)
    this.#push(`id: ${String(++this.#id)}\n${event}`, event.length)
    this.#feed()
  }

  terminate(): void {
    if (this.#over) return
    // An error is how whoever reads the stream learns that it is cut. Bun prints every error but nothing at all.
    this.#controller?.error('Bun' in globalThis ? undefined : new Error('the connection was cut'))
    this.#ended({ code: 1006, reason: '' })
  }

  leave(ending: Ending): void {
    if (this.#over) return
    this.#controller?.close()
    this.#ended(ending)
  }

  seen(): void {}

  #push(text: string, bytes: number): void {
    this.#queue.push({ text, bytes })
    this.#bytes += bytes
  }

  #pulled(): void {
    this.#hungry = true
    this.#feed()
  }

  #feed(): void {
    if (!this.#hungry || this.#over) return
    if (this.#queue.length > 0) {
      this.#hungry = false
      // Handing it over may ask for more at once.
      this.#controller?.enqueue(ENCODER.encode(this.#piece()))
    }
    if (this.#bytes === 0 && this.#ending) {
      this.#controller?.close()
      this.#ended(this.#ending)
    } else if (this.#full && this.#bytes < HIGH_WATER_BYTES) {
      this.#full = false
      this.#session?.writable()
    }
  }

  #piece(): string {
    let count = 0
    let bytes = 0
    for (const waiting of this.#queue) {
      if (count > 0 && bytes + waiting.bytes > PIECE_BYTES) break
      bytes += waiting.bytes
      count++
    }
    this.#bytes -= bytes
    return this.#queue
      .splice(0, count)
      .map(({ text }) => text)
      .join('')
  }

  #ended({ code, reason }: Ending): void {
    if (this.#over) return
    this.#over = true
    this.#queue = []
    this.#bytes = 0
    this.#session?.closed(code, reason)
    this.#gone()
  }
}
