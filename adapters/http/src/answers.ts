import { closeCode, type Refusal } from '@fanfare/core'

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
