import type { Framing } from './frames.ts'

const MESSAGE = /^[*>]3\r\n\$(?:7\r\nmessage|8\r\nsmessage)\r\n/
const LONGEST_MESSAGE_HEAD = 24

/** How many values follow the first line of an aggregate, by what the line says. */
const AGGREGATES: Readonly<Record<string, (count: number) => number>> = {
  '*': (count) => count,
  '~': (count) => count,
  '>': (count) => count,
  '%': (count) => 2 * count,
  // Attributes come before the value that they belong to.
  '|': (count) => 2 * count + 1,
}
const BLOBS = '$!='
const LINES = '+-:,(#_'

/** What a Redis server sends: RESP2 and RESP3. */
export const RESP: Framing = {
  end: (bytes) => endOfValue(bytes, 0),
  isMessage: (frame) => MESSAGE.test(frame.toString('latin1', 0, LONGEST_MESSAGE_HEAD)),
}

function endOfValue(bytes: Buffer, start: number): number | undefined {
  const line = bytes.indexOf('\r\n', start)
  if (line < 0) return undefined
  const kind = String.fromCharCode(bytes[start] ?? 0)
  const after = line + 2
  if (LINES.includes(kind)) return after
  const count = Number(bytes.toString('latin1', start + 1, line))
  if (!Number.isInteger(count)) throw new Error(`no RESP: ${kind}`)
  if (BLOBS.includes(kind)) return count < 0 ? after : within(bytes, after + count + 2)
  const values = AGGREGATES[kind]
  if (!values) throw new Error(`no RESP: ${kind}`)
  return endOfValues(bytes, after, values(count))
}

function endOfValues(bytes: Buffer, start: number, count: number): number | undefined {
  let end: number | undefined = start
  for (let left = count; left > 0 && end !== undefined; left--) end = endOfValue(bytes, end)
  return end
}

function within(bytes: Buffer, end: number): number | undefined {
  return end <= bytes.length ? end : undefined
}
