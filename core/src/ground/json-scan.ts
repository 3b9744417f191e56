/** How deep JSON of clients may be nested. Deeper text is refused before anything parses it. */
export const MAX_JSON_DEPTH = 32

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

/** The members of a JSON object as slices of its text, none of them parsed yet. */
export class JsonMembers {
  readonly #slices: ReadonlyMap<string, string>

  constructor(slices: ReadonlyMap<string, string>) {
    this.#slices = slices
  }

  /** The text of a member; `undefined` when it is absent. Of members with the same name, the last counts. */
  text(name: string): string | undefined {
    return this.#slices.get(name)
  }

  /** The value of a member. @throws SyntaxError when its text is no JSON */
  value(name: string): unknown {
    const text = this.#slices.get(name)
    return text === undefined ? undefined : JSON.parse(text)
  }
}

/**
 * Finds the top-level members of a JSON object, and how deep it is, in one pass over the text. It reads brackets and
 * strings, not grammar: a slice may still turn out to be no JSON when it is parsed.
 */
export function scanJsonObject(text: string, maxDepth = MAX_JSON_DEPTH): JsonMembers | JsonFault {
  return new Scanner(text, maxDepth).object()
}

/**
 * Whether a JSON document is nested deeper than that; found in one pass, before anything parses it. Of text that is no
 * JSON the answer means nothing.
 */
export function isTooDeep(text: string, maxDepth = MAX_JSON_DEPTH): boolean {
  return new Scanner(text, maxDepth).isTooDeep()
}

class Scanner {
  readonly #text: string
  readonly #maxDepth: number
  #at = 0

  constructor(text: string, maxDepth: number) {
    this.#text = text
    this.#maxDepth = maxDepth
  }

  object(): JsonMembers | JsonFault {
    const slices = new Map<string, string>()
    if (!this.#take(OPEN_BRACE)) return new JsonFault('not a JSON object')
    if (!this.#take(CLOSE_BRACE)) {
      do {
        const fault = this.#member(slices)
        if (fault) return fault
      } while (this.#take(COMMA))
      if (!this.#take(CLOSE_BRACE)) return new JsonFault('not a JSON object: no end')
    }
    this.#space()
    return this.#at === this.#text.length
      ? new JsonMembers(slices)
      : new JsonFault('more than one JSON value')
  }

  isTooDeep(): boolean {
    let depth = 0
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit === QUOTE) {
        // No end to be found: it would not be found from any later quote either.
        if (!this.#string()) return false
        this.#at--
      } else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
        if (++depth > this.#maxDepth) return true
      } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) depth--
    }
    return false
  }

  #member(slices: Map<string, string>): JsonFault | undefined {
    this.#space()
    const start = this.#at
    if (!this.#string()) return new JsonFault('not a JSON object: a member has no name')
    const name = unquote(this.#text.slice(start, this.#at))
    if (name === undefined || !this.#take(COLON))
      return new JsonFault('not a JSON object: a member has no value')
    this.#space()
    const from = this.#at
    const fault = this.#value()
    if (!fault) slices.set(name, this.#text.slice(from, this.#at))
    return fault
  }

  #value(): JsonFault | undefined {
    const first = this.#text.charCodeAt(this.#at)
    if (first === QUOTE) return this.#string() ? undefined : new JsonFault('a string has no end')
    if (first === OPEN_BRACE || first === OPEN_BRACKET) return this.#nested()
    const start = this.#at
    while (this.#at < this.#text.length && !endsScalar(this.#text.charCodeAt(this.#at))) this.#at++
    return this.#at > start ? undefined : new JsonFault('a member has no value')
  }

  /** From an opening bracket to the one that closes it. */
  #nested(): JsonFault | undefined {
    const closers: number[] = []
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit === QUOTE) {
        if (!this.#string()) return new JsonFault('a string has no end')
        this.#at--
      } else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
        // The object around counts as the first level.
        if (closers.length + 1 >= this.#maxDepth)
          return new JsonFault(`deeper than ${String(this.#maxDepth)} levels`)
        closers.push(unit === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)
      } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) {
        if (closers.pop() !== unit) return new JsonFault('brackets do not match')
        if (closers.length === 0) {
          this.#at++
          return undefined
        }
      }
    }
    return new JsonFault('a bracket is not closed')
  }

  /** Moves behind a string. `false`: there is none, or it has no end. */
  #string(): boolean {
    if (this.#text.charCodeAt(this.#at) !== QUOTE) return false
    let end = this.#text.indexOf('"', this.#at + 1)
    while (end > 0 && this.#escaped(end)) end = this.#text.indexOf('"', end + 1)
    if (end < 0) return false
    this.#at = end + 1
    return true
  }

  #escaped(at: number): boolean {
    let backslashes = 0
    while (this.#text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
    return backslashes % 2 === 1
  }

  #take(unit: number): boolean {
    this.#space()
    if (this.#text.charCodeAt(this.#at) !== unit) return false
    this.#at++
    return true
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++
  }
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09
}

function endsScalar(unit: number): boolean {
  return unit === COMMA || unit === CLOSE_BRACE || unit === CLOSE_BRACKET || isSpace(unit)
}

function unquote(text: string): string | undefined {
  if (!text.includes('\\')) return text.slice(1, -1)
  try {
    const name: unknown = JSON.parse(text)
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}
