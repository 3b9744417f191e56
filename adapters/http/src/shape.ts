/** How deep a body may be nested: as deep as the messages of clients elsewhere. */
const MAX_DEPTH = 32
/** How many messages one body may bring. */
export const MAX_MESSAGES = 4_096
/** Commas beside those between the messages. */
const MORE_COMMAS = 32

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** What is against a text in JSON being parsed: that it is nested too deep, or has too many values. */
export type ShapeFault = 'deep' | 'many'

/**
 * Looks at brackets, commas and strings of a text in JSON, in one pass over its bytes in UTF-8 and before anything parses it:
 * what this lets through costs a parser no more than its length.
 */
export function shapeFault(bytes: Uint8Array): ShapeFault | undefined {
  let depth = 0
  let commas = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = stringEnd(bytes, at)
    else if (byte === COMMA) {
      if (++commas > MAX_MESSAGES + MORE_COMMAS) return 'many'
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return 'deep'
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
  }
  return undefined
}

/** Where the string that begins at `from` ends: its last quote, or the end of the bytes. */
function stringEnd(bytes: Uint8Array, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at
}
