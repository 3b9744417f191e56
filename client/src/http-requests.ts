import {
  type AborterLike,
  type BodyReader,
  type FetchInit,
  type FetchLike,
  type FetchResponse,
  hostAborter,
  hostDecoder,
  hostFetch,
} from './platform.ts'
import { withQuery } from './query.ts'

/** How a transport over HTTP makes its requests. */
export interface HttpOptions {
  /** @defaultValue the host's */
  readonly fetch?: FetchLike | undefined
  /** Where it is served. @defaultValue the client's URL, with `http` for `ws` and the transport's name as last segment */
  readonly url?: string | undefined
  /** Whether cookies go to a server of another origin too. @defaultValue `false` */
  readonly credentials?: boolean | undefined
}

/** What a page, or a message, may measure at most, in UTF-16 units: what does not end must not fill the memory. */
export const MAX_TEXT = 4_194_304

/** The requests of one link. */
export class HttpRequests {
  readonly url: string
  /** Names the client to the server; known once the server said so. */
  session = ''
  readonly #fetch: FetchLike | undefined
  readonly #credentials: FetchInit['credentials']

  /** @param segment - the transport's name in the path */
  constructor(url: string, segment: string, { fetch = hostFetch(), url: own, credentials }: HttpOptions) {
    const [base = '', ...rest] = url.split('?')
    const query = rest.join('?')
    const served = own ?? `${base.replace(/^ws/i, 'http').replace(/\/$/, '')}/${segment}`
    this.url = query ? withQuery(served, query) : served
    this.#fetch = fetch
    this.#credentials = credentials ? 'include' : 'same-origin'
  }

  /** Rejects when there is no answer. */
  async get(aborter: AborterLike): Promise<FetchResponse> {
    return this.#ask(this.url, { method: 'GET', headers: { accept: 'text/event-stream' } }, aborter)
  }

  /**
   * Rejects when there is no answer. The body goes as `text/plain`, which needs no preflight.
   *
   * @param keepalive - the request outlives the page
   */
  async post(message: object, aborter: AborterLike, keepalive = false): Promise<FetchResponse> {
    const url = this.session ? withQuery(this.url, `session=${encodeURIComponent(this.session)}`) : this.url
    return this.#ask(url, { method: 'POST', body: JSON.stringify(message), keepalive }, aborter)
  }

  #ask(
    url: string,
    init: Pick<FetchInit, 'method' | 'headers' | 'body' | 'keepalive'>,
    { signal }: AborterLike,
  ): Promise<FetchResponse> {
    if (!this.#fetch) throw new Error('this runtime has no fetch')
    return this.#fetch(url, {
      ...init,
      credentials: this.#credentials,
      cache: 'no-store',
      signal: signal as never,
    })
  }
}

/** One request after the other that can be called off together. */
export function aborter(): AborterLike {
  return hostAborter()
}

/** Lets go of a body that nobody wants, so that its connection is free. */
export function discard({ body }: FetchResponse): void {
  body?.cancel().catch(ignore)
}

/** Hands over the bytes of a body as they come, until `take` wants no more. Resolves when there are none left. */
export async function eachChunk(reader: BodyReader, take: (chunk: Uint8Array) => boolean): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    if (value && !take(value)) {
      reader.cancel().catch(ignore)
      return
    }
  }
}

/** What a JSON body says; `undefined` when it says nothing that we understand, or does not end. */
export async function jsonOf({
  body,
}: FetchResponse): Promise<Readonly<Record<string, unknown>> | undefined> {
  const decoder = hostDecoder()
  let text = ''
  if (body) {
    await eachChunk(body.getReader(), (chunk) => {
      text += decoder.decode(chunk, { stream: true })
      return text.length <= MAX_TEXT
    })
  }
  return objectIn(text)
}

/** The object that a text is in JSON; `undefined` when it is none. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The code and reason in what the server says last. */
export function endIn(said: unknown): readonly [code: number, reason: string] {
  const { code, reason } = (said ?? {}) as { readonly code?: unknown; readonly reason?: unknown }
  return [typeof code === 'number' ? code : 1006, typeof reason === 'string' ? reason : '']
}

/** What an HTTP status means, as close code and reason. A token that is not let in may be followed by one that is. */
const STATUSES: Readonly<Record<number, readonly [code: number, reason: string]>> = {
  401: [4010, 'unauthorized'],
  403: [4009, 'forbidden'],
  404: [4000, 'not-found'],
  413: [1009, 'too-large'],
  429: [4100, 'over-capacity'],
  503: [4100, 'over-capacity'],
}

/** The end of a link that was answered with a status. */
export function endOf(status: number): readonly [code: number, reason: string, status: number] {
  const [code, reason] = STATUSES[status] ?? [1006, '']
  return [code, reason, status]
}

function ignore(): void {}
