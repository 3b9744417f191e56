/** A frame of the server, as far as it is looked at. Nothing in it is to be relied upon. */
export interface Frame {
  readonly op: string
  readonly id: unknown
  readonly channel: string | undefined
  readonly data: unknown
  /** Of an error, or of a goodbye. */
  readonly code: string
  /** Of a gap: how many messages are missing; 0 when the server does not know. */
  readonly count: number
  /** Of a gap. */
  readonly reason: string
}

/** A text message of the protocol native; `undefined` when it is none. */
export function readFrame(text: string): Frame | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { op, id, channel, data, code, count, reason } = value as Partial<Record<keyof Frame, unknown>>
  if (typeof op !== 'string') return undefined
  return {
    ...{ op, id, data },
    channel: typeof channel === 'string' ? channel : undefined,
    code: wordOf(code),
    count: typeof count === 'number' && count > 0 ? count : 0,
    reason: wordOf(reason),
  }
}

/** A word of a server, fit to be shown. */
function wordOf(value: unknown): string {
  return typeof value === 'string' && /^[\w-]{1,40}$/.test(value) ? value : 'unknown'
}
