import type { FetchInit, FetchLike, FetchResponse } from '@fanfare/client'

interface Waiting {
  resolve(result: { done: boolean; value?: Uint8Array }): void
  reject(error: Error): void
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A request whose server is the test. */
export class ScriptedRequest {
  readonly url: string
  readonly init: FetchInit
  /** What the client sent, parsed. */
  readonly said: Record<string, unknown> | undefined
  readonly response: Promise<FetchResponse>
  /** Whether the client let go of it, before or after the answer. */
  aborted = false
  #settle!: { resolve(response: FetchResponse): void; reject(error: Error): void }
  #chunks: Uint8Array[] = []
  #waiting: Waiting | undefined
  #ended = false
  #failure: Error | undefined
  #answered = false

  constructor(url: string, init: FetchInit) {
    this.url = url
    this.init = init
    this.said = init.body === undefined ? undefined : (JSON.parse(init.body) as Record<string, unknown>)
    this.response = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
    const signal = init.signal as unknown as AbortSignal
    signal.addEventListener('abort', () => this.#abort())
    if (signal.aborted) this.#abort()
  }

  /** Neither answered nor called off. */
  get pending(): boolean {
    return !this.#answered && !this.aborted
  }

  /** Answers; the body stays open until `ends()`. */
  begins(status = 200): this {
    this.#answered = true
    const body = {
      getReader: () => ({ read: () => this.#read(), cancel: () => this.#cancel() }),
      cancel: () => this.#cancel(),
    }
    this.#settle.resolve({ status, body })
    return this
  }

  /** A part of the body. */
  brings(part: string | Uint8Array): this {
    const bytes = typeof part === 'string' ? bytesOf(part) : part
    if (this.#waiting) this.#hand({ done: false, value: bytes })
    else this.#chunks.push(bytes)
    return this
  }

  ends(): void {
    this.#ended = true
    if (this.#waiting) this.#hand({ done: true })
  }

  /** Answers with a status, and a JSON body if there is one. */
  answers(status: number, body?: object): void {
    this.begins(status)
    if (body) this.brings(JSON.stringify(body))
    this.ends()
  }

  /** The network fails: no answer, or no end of it. */
  drops(): void {
    this.#answered = true
    this.#fail(new TypeError('fetch failed'))
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#settle.reject(error)
    this.#waiting?.reject(error)
  }

  #hand(result: { done: boolean; value?: Uint8Array }): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(result)
  }

  #read(): Promise<{ done: boolean; value?: Uint8Array }> {
    const value = this.#chunks.shift()
    if (value) return Promise.resolve({ done: false, value })
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#ended) return Promise.resolve({ done: true })
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }))
  }

  #cancel(): Promise<void> {
    this.aborted ||= !this.#ended
    return Promise.resolve()
  }

  #abort(): void {
    if (this.#ended && !this.#waiting) return
    this.aborted = true
    this.#fail(new DOMException('called off', 'AbortError'))
  }
}

/** A `fetch`, and the requests that were made with it. */
export class ScriptedFetch {
  readonly requests: ScriptedRequest[] = []
  readonly fetch: FetchLike = (url, init) => {
    const request = new ScriptedRequest(url, init)
    this.requests.push(request)
    request.response.catch(() => {})
    return request.response
  }

  /** The newest request. */
  get last(): ScriptedRequest {
    return this.requests.at(-1)!
  }

  /** The newest of those that bring commands. */
  get post(): ScriptedRequest | undefined {
    return this.requests.findLast(({ said }) => said && 'seq' in said)
  }

  get posts(): ScriptedRequest[] {
    return this.requests.filter(({ said }) => said && 'seq' in said)
  }

  /** The newest poll. */
  get poll(): ScriptedRequest | undefined {
    return this.requests.findLast(({ said }) => said && 'poll' in said)
  }

  get polls(): ScriptedRequest[] {
    return this.requests.filter(({ said }) => said && 'poll' in said)
  }
}

/** A message as an event of a stream. */
export const eventOf = (message: object | string): string =>
  `data: ${typeof message === 'string' ? message : JSON.stringify(message)}\n\n`
/** The first event of a stream. */
export const SESSION = 'event: session\nid: 1\ndata: {"session":"s 1"}\n\n'
/** What the server says first. */
export const WELCOME = { op: 'welcome', v: 1, client: '1.1', heartbeat: 25 }
