import type { Command, Ref } from '../contract/protocol.ts'
import { jsonValueEnd } from '../ground/json-scan.ts'
import { ownText } from '../ground/own-text.ts'
import { Payload } from '../ground/payload.ts'

/** Up to the data: no white space, nothing escaped in the method. The `id` stands here, or behind the data. */
const HEAD = /^\{"op":"call",(?:"id":(0|[1-9]\d{0,14}),)?"method":"([\x20\x21\x23-\x5b\x5d-\uffff]*)","data":/
const TAIL = /^,"id":(0|[1-9]\d{0,14})\}$/

/**
 * A call that is written as `JSON.stringify` writes it, with its members in the order that nearly all clients give them;
 * `undefined` for any other text, right or wrong. Calls are most of what comes in, and one expression reads the head of
 * one in a fourth of the time that scanning it member by member takes. Gives nothing but what scanning would give.
 */
export function usualCall(text: string): Command | undefined {
  const head = HEAD.exec(text)
  if (!head) return undefined
  const [{ length: from }, early, said = ''] = head
  const method = ownText(said, text)
  const end = jsonValueEnd(text, from)
  if (end < 0) return undefined
  const data = new Payload(ownText(text.slice(from, end), text))
  if (end === text.length - 1 && text.endsWith('}')) return { do: 'call', ref: refOf(early), method, data }
  // With two ids the last one counts: that is for whoever reads any text.
  const tail = early === undefined ? TAIL.exec(text.slice(end)) : null
  return tail ? { do: 'call', ref: refOf(tail[1]), method, data } : undefined
}

/** At most 15 digits, so it is safe, and means what stands there. */
function refOf(digits: string | undefined): Ref | undefined {
  return digits === undefined ? undefined : Number(digits)
}
