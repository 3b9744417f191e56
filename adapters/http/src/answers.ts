import { closeCode, type Refusal } from '@fanfare/core'

import type { BodyFault } from './body.ts'
import type { ShapeFault } from './shape.ts'
import { closeEvent, retryLine } from './sse-events.ts'

const EVENT_STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-store, no-transform',
  // nginx keeps what it is sent until a buffer is full, unless it is told.
  'x-accel-buffering': 'no',
}

type Headers = Readonly<Record<string, string>>

/** A stream of server-sent events. */
export function stream(body: ReadableStream<Uint8Array> | string, headers: Headers): Response {
  return new Response(body, { headers: { ...EVENT_STREAM, ...headers } })
}

/** A value in JSON, already written. */
export function json(body: string, headers: Headers): Response {
  const own = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(body, { headers: { ...own, ...headers } })
}

/** No content. */
export function nothing(headers: Headers): Response {
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store', ...headers } })
}

/** A sentence about what is wrong. */
export function wrong(status: number, sentence: string, headers: Headers): Response {
  const own = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(`${sentence}\n`, { status, headers: { ...own, ...headers } })
}

const SOON = { 'retry-after': '1' }

/** What is wrong with a request's body, by what was found. */
const FAULTS: Readonly<
  Record<BodyFault | ShapeFault, readonly [status: number, sentence: string, headers: Headers]>
> = {
  'too-large': [413, 'that is too large', {}],
  timeout: [408, 'that took too long', {}],
  rate: [429, 'too many bytes are on their way', SOON],
  conflict: [409, 'another request of this session is under way', SOON],
  pieces: [400, 'that comes in too small pieces', {}],
  // Nobody hears it.
  gone: [400, 'the body has no end', {}],
  deep: [400, 'that is nested too deep', {}],
  many: [413, 'those are too many messages', {}],
}

/** A body that was not taken. */
export function faulty(fault: BodyFault | ShapeFault, cors: Headers): Response {
  const [status, sentence, headers] = FAULTS[fault]
  return wrong(status, sentence, { ...headers, ...cors })
}

/** The same answer, and the end of its connection: there is more of the request than anybody wants to read. */
export function closing(response: Response): Response {
  response.headers.set('connection', 'close')
  return response
}

/** A handshake that the gateway refused. */
export function refused({ status, headers, message }: Refusal, cors: Headers): Response {
  return wrong(status, message, { ...headers, ...cors })
}

/**
 * The same for an EventSource: on any status but 200 it gives up for ever. What is temporary is said in a stream of one
 * event instead, which it comes back after.
 */
export function refusedStream(refusal: Refusal, cors: Headers): Response {
  const { status, headers, why } = refusal
  if (status !== 503 && status !== 429) return refused(refusal, cors)
  const afterMs = Number(headers['retry-after'] ?? 1) * 1_000
  return stream(retryLine(afterMs) + closeEvent({ code: closeCode(why), reason: why }), cors)
}
