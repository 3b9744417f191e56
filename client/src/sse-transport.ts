import {
  aborter,
  discard,
  eachChunk,
  endIn,
  endOf,
  type HttpOptions,
  HttpRequests,
  MAX_TEXT,
  objectIn,
} from './http-requests.ts'
import type { ClientPlatform, FetchResponse } from './platform.ts'
import { SseParser } from './sse-parser.ts'
import type { Link, LinkEvents, Transport } from './transport.ts'
import { Uplink } from './uplink.ts'

/** The transport over server-sent events, with POST for what goes up. It needs `fetch` with bodies that are streams. */
export function sse(options: HttpOptions = {}): Transport {
  return {
    name: 'sse',
    open: (url, events, platform) => new SseLink(new HttpRequests(url, 'sse', options), events, platform),
  }
}

class SseLink implements Link {
  readonly #requests: HttpRequests
  readonly #events: LinkEvents
  readonly #aborter = aborter()
  readonly #uplink: Uplink
  #over = false

  constructor(requests: HttpRequests, events: LinkEvents, platform: ClientPlatform) {
    this.#requests = requests
    this.#events = events
    this.#uplink = new Uplink(requests, platform, (code, reason) => this.#end(code, reason))
    this.#requests
      .get(this.#aborter)
      .then((response) => this.#read(response))
      .then(
        () => this.#end(1006, ''),
        () => this.#end(1006, ''),
      )
  }

  get bufferedBytes(): number {
    return this.#uplink.bufferedBytes
  }

  send(text: string): void {
    if (!this.#over) this.#uplink.send(text)
  }

  close(cut = false): void {
    if (this.#over) return
    this.#over = true
    // The stream ends the session, so it has to outlive what is still to be said.
    if (!cut && this.#requests.session) this.#uplink.part(() => this.#aborter.abort())
    else this.#silence()
  }

  async #read(response: FetchResponse): Promise<void> {
    const { status, body } = response
    if (this.#over || status !== 200 || !body) {
      discard(response)
      this.#end(...endOf(status))
      return
    }
    const parser = new SseParser((event, data) => {
      if (!this.#over) this.#hear(event, data)
    })
    await eachChunk(body.getReader(), (chunk) => {
      if (!parser.push(chunk)) this.#end(1009, `more than ${String(MAX_TEXT)} characters`)
      return !this.#over
    })
  }

  #hear(event: string, data: string): void {
    if (event === 'session') {
      const session = objectIn(data)?.['session']
      if (typeof session === 'string') this.#requests.session = session
    } else if (event === 'close') this.#end(...endIn(objectIn(data)))
    // Nothing could be answered before there is a session.
    else if (this.#requests.session) {
      if (event === '') this.#events.message(data)
      else if (event === 'json') this.#events.message(unquoted(data))
      else if (event === 'binary') this.#events.message(undefined)
    }
  }

  #end(code: number, reason: string, status?: number): void {
    if (this.#over) return
    this.#over = true
    this.#silence()
    this.#events.closed(code, reason, status)
  }

  #silence(): void {
    this.#aborter.abort()
    this.#uplink.cut()
  }
}

function unquoted(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}
