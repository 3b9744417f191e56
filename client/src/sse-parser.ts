import { MAX_TEXT } from './http-requests.ts'
import { hostDecoder } from './platform.ts'

// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

/** Makes events of the bytes of a stream, wherever they are cut. */
export class SseParser {
  readonly #decoder = hostDecoder()
  readonly #emit: (event: string, data: string) => void
  /** What came of a line that has not ended. */
  #rest = ''
  /** The last chunk ended with a carriage return: a line feed that follows belongs to it. */
  #returned = false
  #event = ''
  #data: string[] = []
  #size = 0

  /** @param emit - gets each event; its name is empty when it has none */
  constructor(emit: (event: string, data: string) => void) {
    this.#emit = emit
  }

  /** Returns `false` when an event is longer than it may be; there is no use in going on. */
  push(chunk: Uint8Array): boolean {
    let text = this.#decoder.decode(chunk, { stream: true })
    if (!text) return true
    if (this.#returned && text.startsWith('\n')) text = text.slice(1)
    this.#returned = text.endsWith('\r')
    const lines = text.split(/\r\n|[\r\n]/)
    lines[0] = this.#rest + (lines[0] ?? '')
    this.#rest = lines.pop() ?? ''
    return lines.every((line) => this.#line(line)) && this.#size + this.#rest.length <= MAX_TEXT
  }

  #line(line: string): boolean {
    if (line === '') {
      const [event, data] = [this.#event, this.#data]
      this.#event = ''
      this.#data = []
      this.#size = 0
      if (data.length > 0) this.#emit(event, data.join('\n'))
      return true
    }
    this.#size += line.length
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') this.#data.push(value)
    else if (field === 'event') this.#event = value
    return this.#size <= MAX_TEXT
  }
}
