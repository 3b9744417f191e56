import { ownText } from './own-text.ts'

/** How deep JSON of clients may be nested. Deeper text is refused before anything parses it. */
export const MAX_JSON_DEPTH = 32

/** Longer strings are left to JSON.parse, which is quicker then. */
const MAX_PLAIN = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** Why a text is no JSON object that may be looked at. */
export class JsonFault {
  readonly detail: string
  constructor(detail: string) {
    this.detail = detail
  }
}

/** What may be wrong with a value: given instead of where it ends. */
const NO_STRING_END = -1
const NO_VALUE = -2
const NO_BRACKET_END = -3
const WRONG_BRACKET = -4
const TOO_DEEP = -5
const FAULTS: ReadonlyMap<number, string> = new Map([
  [NO_STRING_END, 'a string has no end'],
  [NO_VALUE, 'a member has no value'],
  [NO_BRACKET_END, 'a bracket is not closed'],
  [WRONG_BRACKET, 'brackets do not match'],
])

/** A text that is scanned. */
interface Source {
  readonly text: string
  readonly maxDepth: number
  /** Whether there is a backslash in it: in most texts there is none, and then no string has to be asked for escapes. */
  readonly escapes: boolean
}

/** One member of an object: its name, where its value stands, and the member before it. */
interface Member {
  readonly name: string
  readonly from: number
  readonly end: number
  readonly before: Member | undefined
}

/** The members of a JSON object as places in its text, none of them parsed yet. */
export class JsonMembers {
  readonly #text: string
  readonly #last: Member | undefined

  constructor(text: string, last: Member | undefined) {
    this.#text = text
    this.#last = last
  }

  /** The text of a member; `undefined` when it is absent. Of members with the same name, the last counts. */
  text(name: string): string | undefined {
    const member = this.#find(name)
    return member && ownText(this.#text.slice(member.from, member.end), this.#text)
  }

  /** The value of a member. @throws SyntaxError when its text is no JSON */
  value(name: string): unknown {
    const member = this.#find(name)
    return member && valueOf(this.#text, member)
  }

  #find(name: string): Member | undefined {
    let member = this.#last
    while (member && member.name !== name) member = member.before
    return member
  }
}

/**
 * Finds the top-level members of a JSON object, and how deep it is, in one pass over the text. It reads brackets and
 * strings, not grammar: a slice may still turn out to be no JSON when it is parsed.
 */
export function scanJsonObject(text: string, maxDepth = MAX_JSON_DEPTH): JsonMembers | JsonFault {
  return membersOf(sourceOf(text, maxDepth))
}

/**
 * Where the value that begins at `from` ends, a member of the object that is the text; negative when {@link scanJsonObject}
 * would find a fault in it. White space is not part of a value.
 */
export function jsonValueEnd(text: string, from: number, maxDepth = MAX_JSON_DEPTH): number {
  return valueEnd(sourceOf(text, maxDepth), from)
}

/**
 * Whether a JSON document is nested deeper than that; found in one pass, before anything parses it. Of text that is no
 * JSON the answer means nothing.
 */
export function isTooDeep(text: string, maxDepth = MAX_JSON_DEPTH): boolean {
  return hasManyBrackets(text, maxDepth) && nestsDeeper(sourceOf(text, maxDepth))
}

/** Whether more than `most` brackets open, in strings too. Searching is much quicker than looking at every unit. */
function hasManyBrackets(text: string, most: number): boolean {
  let count = 0
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket, 0); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > most) return true
    }
  }
  return false
}

function sourceOf(text: string, maxDepth: number): Source {
  return { text, maxDepth, escapes: text.indexOf('\\', 0) >= 0 }
}

function nestsDeeper(source: Source): boolean {
  const { text, maxDepth } = source
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = stringEnd(source, at) - 1
      // No end to be found: it would not be found from any later quote either.
      if (at < 0) return false
    } else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      if (++depth > maxDepth) return true
    } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) depth--
  }
  return false
}

function membersOf(source: Source): JsonMembers | JsonFault {
  const { text } = source
  let at = spaceEnd(text, 0)
  if (text.charCodeAt(at) !== OPEN_BRACE) return new JsonFault('not a JSON object')
  at = spaceEnd(text, at + 1)
  let last: Member | undefined
  if (text.charCodeAt(at) !== CLOSE_BRACE) {
    for (; ; at = spaceEnd(text, at + 1)) {
      const member = memberAt(source, at, last)
      if (member instanceof JsonFault) return member
      last = member
      at = spaceEnd(text, member.end)
      if (text.charCodeAt(at) !== COMMA) break
    }
    if (text.charCodeAt(at) !== CLOSE_BRACE) return new JsonFault('not a JSON object: no end')
  }
  if (spaceEnd(text, at + 1) !== text.length) return new JsonFault('more than one JSON value')
  return new JsonMembers(text, last)
}

function memberAt(source: Source, at: number, before: Member | undefined): Member | JsonFault {
  const { text } = source
  const nameEnd = stringEnd(source, at)
  if (nameEnd < 0) return new JsonFault('not a JSON object: a member has no name')
  const name = nameAt(source, at, nameEnd)
  const colon = spaceEnd(text, nameEnd)
  if (name === undefined || text.charCodeAt(colon) !== COLON) {
    return new JsonFault('not a JSON object: a member has no value')
  }
  const from = spaceEnd(text, colon + 1)
  const end = valueEnd(source, from)
  return end < 0 ? faultOf(end, source) : { name, from, end, before }
}

function faultOf(code: number, { maxDepth }: Source): JsonFault {
  return new JsonFault(
    code === TOO_DEEP ? `deeper than ${String(maxDepth)} levels` : (FAULTS.get(code) ?? 'not JSON'),
  )
}

function nameAt({ text, escapes }: Source, from: number, end: number): string | undefined {
  const name = text.slice(from + 1, end - 1)
  if (!escapes || !name.includes('\\')) return name
  try {
    return JSON.parse(text.slice(from, end)) as string
  } catch {
    return undefined
  }
}

/** Behind the value at `from`, or what is wrong with it. */
function valueEnd(source: Source, from: number): number {
  const first = source.text.charCodeAt(from)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return nestedEnd(source, from)
  const end = first === QUOTE ? stringEnd(source, from) : scalarEnd(source.text, from)
  return end === from ? NO_VALUE : end
}

/** Behind the bracket that closes the one at `from`, or what is wrong. */
function nestedEnd(source: Source, from: number): number {
  const { text, maxDepth } = source
  const closers: number[] = []
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = stringEnd(source, at) - 1
      if (at < 0) return NO_STRING_END
    } else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      // The object around counts as the first level.
      if (closers.length + 1 >= maxDepth) return TOO_DEEP
      closers.push(unit === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)
    } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) {
      if (closers.pop() !== unit) return WRONG_BRACKET
      if (closers.length === 0) return at + 1
    }
  }
  return NO_BRACKET_END
}

/** Behind the string that begins at `from`; negative: there is none, or it has no end. */
function stringEnd({ text, escapes }: Source, from: number): number {
  if (text.charCodeAt(from) !== QUOTE) return NO_STRING_END
  let end = text.indexOf('"', from + 1)
  while (escapes && end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? NO_STRING_END : end + 1
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

function scalarEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at++
  return at
}

function spaceEnd(text: string, from: number): number {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(unit: number): boolean {
  return unit <= 0x20 && (unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09)
}

function endsScalar(unit: number): boolean {
  return unit === COMMA || unit === CLOSE_BRACE || unit === CLOSE_BRACKET || isSpace(unit)
}

/** A short string without escapes as it stands, which is much quicker than JSON.parse. */
function valueOf(text: string, { from, end }: Member): unknown {
  if (!isPlain(text, from, end)) return JSON.parse(text.slice(from, end))
  return ownText(text.slice(from + 1, end - 1), text)
}

/** Whether it is a string that means what stands there: short, and without escapes or what has to be escaped. */
function isPlain(text: string, from: number, end: number): boolean {
  if (text.charCodeAt(from) !== QUOTE || end - from > MAX_PLAIN) return false
  for (let at = from + 1; at < end - 1; at++) {
    const unit = text.charCodeAt(at)
    if (unit === BACKSLASH || unit < 0x20) return false
  }
  return true
}
