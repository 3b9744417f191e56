/**
 * Application data on its way, kept as it was written: text that is spliced into frames and never parsed and printed
 * again, or bytes. Whether text is JSON is tested at most once, and only if a protocol asks.
 */
export class Payload {
  readonly data: string | Uint8Array
  #json: string | undefined

  constructor(data: string | Uint8Array) {
    this.data = data
  }

  /** A payload of a value, printed as JSON once. `undefined` becomes `null`. */
  static of(value: unknown): Payload {
    const text = JSON.stringify(value) ?? 'null'
    const payload = new Payload(text)
    payload.#json = text
    return payload
  }

  /** The bytes of a binary payload, else `undefined`. */
  get binary(): Uint8Array | undefined {
    return typeof this.data === 'string' ? undefined : this.data
  }

  /** The text of a text payload, as it was given. Empty for a binary one. */
  get text(): string {
    return typeof this.data === 'string' ? this.data : ''
  }

  /** The text as a JSON document: itself if it is one, else quoted as a JSON string. Meant for text payloads. */
  get json(): string {
    return (this.#json ??= isJson(this.text) ? this.text : JSON.stringify(this.text))
  }

  /** Whether the text is a JSON document as it stands. */
  get isJson(): boolean {
    return typeof this.data === 'string' && this.json === this.data
  }
}

/** Whether `text` is one JSON document (RFC 8259). */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
