/** An event as a browser would dispatch it. */
export interface StreamEvent {
  readonly event: string
  readonly data: string
  readonly id: string
}

/** What a stream of server-sent events says. */
export interface Said {
  readonly events: readonly StreamEvent[]
  readonly comments: number
  readonly retry: number | undefined
}

/** Reads a stream to the letter of https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
export function saidIn(bytes: Uint8Array): Said {
  // It takes away one byte order mark at the beginning, as the standard asks.
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/)
  // Without its end it is no line yet.
  lines.pop()
  const events: StreamEvent[] = []
  let comments = 0
  let retry: number | undefined
  let id = ''
  let event = ''
  let data = ''
  for (const line of lines) {
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (line === '') {
      if (data !== '') events.push({ event: event || 'message', data: data.slice(0, -1), id })
      event = data = ''
    } else if (colon === 0) comments++
    else if (field === 'data') data += `${value}\n`
    else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) id = value
    else if (field === 'retry' && /^\d+$/.test(value)) retry = Number(value)
  }
  return { events, comments, retry }
}
