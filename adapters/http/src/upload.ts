import type { Ending } from './ending.ts'
import { messageOf } from './items.ts'
import { MAX_MESSAGES, type ShapeFault, shapeFault } from './shape.ts'

/** What a POST brings. */
export interface Upload {
  readonly seq: number | undefined
  readonly messages: readonly (string | Uint8Array)[]
  readonly close: Ending | undefined
  /** The number of the last answer that came; `undefined` when it is no poll. */
  readonly poll: number | undefined
}

/** What a body says; `undefined` when it is not of the form in `docs/protocol-http.md`. Parses nothing that costs more than its length. */
export function uploadOf(body: Uint8Array): Upload | ShapeFault | undefined {
  const fault = shapeFault(body)
  if (fault) return fault
  const said = parsed(new TextDecoder().decode(body))
  if (!said) return undefined
  const { seq, poll, close, messages = [] } = said
  if (!isWhole(seq, 1) || !isWhole(poll, 0) || !Array.isArray(messages)) return undefined
  if (messages.length > MAX_MESSAGES) return 'many'
  const taken = messages.map(messageOf)
  const ending = endingOf(close)
  if (ending === false || !taken.every((message) => message !== undefined)) return undefined
  return { seq, poll, messages: taken, close: ending }
}

/** Whether it is more than a poll. */
export function saysSomething({ seq, messages, close }: Upload): boolean {
  return seq !== undefined || messages.length > 0 || close !== undefined
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
