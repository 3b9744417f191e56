import type { Ending } from './ending.ts'
import { messageOf } from './items.ts'

/** What a POST brings. */
export interface Upload {
  readonly seq: number | undefined
  readonly messages: readonly (string | Uint8Array)[]
  readonly close: Ending | undefined
  /** The number of the last answer that came; `undefined` when it is no poll. */
  readonly poll: number | undefined
}

/** Reads a whole body; `undefined` when it is larger than `limit` bytes. Rejects when the client goes meanwhile. */
export async function bodyOf(request: Request, limit: number): Promise<string | undefined> {
  const reader = request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > limit) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** What a body says; `undefined` when it is not of the form in `docs/protocol-http.md`. */
export function uploadOf(body: string): Upload | undefined {
  const said = parsed(body)
  if (!said) return undefined
  const { seq, poll, close, messages = [] } = said
  if (!isWhole(seq, 1) || !isWhole(poll, 0) || !Array.isArray(messages)) return undefined
  const taken = messages.map(messageOf)
  const ending = endingOf(close)
  if (ending === false || !taken.every((message) => message !== undefined)) return undefined
  return { seq, poll, messages: taken, close: ending }
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isWhole(value: unknown, least: number): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)
}

/** `false`: it says something else. */
function endingOf(close: unknown): Ending | undefined | false {
  if (close === undefined) return undefined
  if (typeof close !== 'object' || close === null) return false
  const { code = 1000, reason = '' } = close as { readonly code?: unknown; readonly reason?: unknown }
  if (typeof code !== 'number' || !Number.isInteger(code) || typeof reason !== 'string') return false
  return code >= 1000 && code <= 4999 ? { code, reason } : false
}
