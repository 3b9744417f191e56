/** How many texts are remembered, and how long they may be: what came once is not worth much memory. */
const MOST_TEXTS = 256
const MOST_CHARACTERS = 2_048

/** Texts that many connections have the same of, such as the headers of one make of browser: they are held once. */
export class SharedTexts {
  readonly #known = new Map<string, string>()

  /** The same text, as the connection before had it. */
  share(text: string): string {
    if (text.length > MOST_CHARACTERS) return text
    const known = this.#known.get(text)
    if (known !== undefined) return known
    // Those that are in use come back by themselves.
    if (this.#known.size >= MOST_TEXTS) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}
