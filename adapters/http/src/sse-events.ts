import type { Frame } from '@fanfare/core'

import { base64 } from './items.ts'
import type { Ending } from './ending.ts'

// https://html.spec.whatwg.org/multipage/server-sent-events.html

/** Keeps a stream alive, and its proxies. */
export const COMMENT = ':\n\n'

/** The lines of an event but its id. Every line end of a value ends a line here: nothing can pose as another event. */
export function eventOf({ data }: Frame): string {
  if (typeof data !== 'string') return named('binary', base64(data))
  // Of the three line ends that the format knows, only the line feed comes out as it went in.
  if (data.includes('\r')) return named('json', JSON.stringify(data))
  return data.includes('\n') ? `data: ${data.replaceAll('\n', '\ndata: ')}\n\n` : `data: ${data}\n\n`
}

/** The first event: what the client names itself with in its POSTs. */
export function sessionEvent(session: string): string {
  return named('session', JSON.stringify({ session }))
}

/** The last event. */
export function closeEvent({ code, reason }: Ending): string {
  return named('close', JSON.stringify({ code, reason }))
}

/** How long an EventSource shall wait before it comes back. */
export function retryLine(ms: number): string {
  return `retry: ${String(ms)}\n`
}

function named(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`
}
