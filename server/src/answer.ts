import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A whole HTTP answer. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }

/** A sentence. */
export function text(
  status: number,
  sentence: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { ...TEXT, ...headers }, body: `${sentence}\n` }
}

/** A value as JSON, never stored. */
export function json(status: number, value: unknown): Answer {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  return { status, headers, body: JSON.stringify(value) }
}

/** A file that browsers keep, and ask about each time. */
export function file(contentType: string, body: Buffer, headers: Readonly<Record<string, string>>): Answer {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return {
    status: 200,
    headers: { 'content-type': contentType, 'cache-control': 'no-cache', etag, ...headers },
    body,
  }
}

const CLOSE = { connection: 'close' }
/** Of the body of a request, which nobody here reads, hosts throw so much away by themselves. */
const LEFT_BYTES = 65_536

/** Whether more of a request is to come than anybody should wait for: then its connection ends with the answer. */
function leavesMuch(encoding: string | null | undefined, length: string | null | undefined): boolean {
  return typeof encoding === 'string' || Number(length ?? 0) > LEFT_BYTES
}

/** An answer as `fetch` handlers give it; see {@link send}. */
export function responseOf(request: Request, { status, headers, body }: Answer): Response {
  const { headers: asked } = request
  const end = leavesMuch(asked.get('transfer-encoding'), asked.get('content-length')) ? CLOSE : {}
  const all = { 'x-content-type-options': 'nosniff', ...end, ...headers }
  if (headers['etag'] !== undefined && request.headers.get('if-none-match') === headers['etag']) {
    return new Response(null, { status: 304, headers: all })
  }
  return new Response(request.method === 'HEAD' ? null : body, { status, headers: all })
}

/** Writes an answer; only its head to a HEAD request, and none at all to a browser that has it already. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  response.setHeader('x-content-type-options', 'nosniff')
  if (leavesMuch(request.headers['transfer-encoding'], request.headers['content-length'])) {
    response.setHeader('connection', 'close')
  }
  const { etag } = headers
  if (etag !== undefined && request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end()
    return
  }
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
  response.end(request.method === 'HEAD' ? undefined : body)
}
