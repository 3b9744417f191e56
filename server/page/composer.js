const MAX_LENGTH = 500
const COUNT_FROM = 400

/** Where messages are written. What could not be sent is never lost: it comes back to where it was written. */
export class Composer {
  #input
  #hint
  #send

  /**
   * @param {{ form: HTMLElement, input: HTMLTextAreaElement, hint: HTMLElement }} parts
   * @param {(text: string) => Promise<void>} send - rejects when the message may not have been sent
   */
  constructor({ form, input, hint }, send) {
    this.#input = input
    this.#hint = hint
    this.#send = send
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#submit()
    })
    input.addEventListener('input', () => this.#changed())
    input.addEventListener('keydown', (event) => {
      // While a word is still being composed, Enter chooses it.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      void this.#submit()
    })
  }

  /** What was in the way is gone: the text can be sent now. */
  ready() {
    this.#changed()
  }

  focus() {
    this.#input.focus()
  }

  async #submit() {
    const text = this.#input.value.trim()
    if (text === '') return
    this.#write('')
    try {
      await this.#send(text)
    } catch (error) {
      const since = this.#input.value
      this.#write(since === '' ? text : `${text}\n${since}`)
      this.#hint.textContent = `Not sent: ${error instanceof Error ? error.message : String(error)}.`
    }
  }

  /** @param {string} text */
  #write(text) {
    this.#input.value = text
    this.#changed()
  }

  #changed() {
    const { length } = this.#input.value
    this.#hint.textContent = length < COUNT_FROM ? '' : `${length} of ${MAX_LENGTH} characters`
    this.#input.style.height = 'auto'
    this.#input.style.height = `${this.#input.scrollHeight + 2}px`
  }
}
