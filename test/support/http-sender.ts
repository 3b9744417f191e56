import type { Peer } from '../contracts/conn-stand.ts'

/** A message as it stands in a JSON list. */
export function itemOf(data: string | Uint8Array): unknown {
  return typeof data === 'string' ? data : { bytes: Buffer.from(data).toString('base64') }
}

/** POSTs one after the other, each with what was said meanwhile. */
export class Sender {
  readonly #url: string
  #waiting: unknown[] = []
  #close: Peer['ended']
  #seq = 0
  #busy = false

  constructor(url: string) {
    this.#url = url
  }

  send(data: string | Uint8Array): void {
    this.#waiting.push(itemOf(data))
    void this.#post()
  }

  close(ending: NonNullable<Peer['ended']>): void {
    this.#close = ending
    void this.#post()
  }

  async #post(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.#waiting.length > 0 || this.#close) {
      // What is said in one turn goes together.
      await new Promise((resolve) => setImmediate(resolve))
      const body = JSON.stringify({ seq: ++this.#seq, messages: this.#waiting.splice(0), close: this.#close })
      this.#close = undefined
      await fetch(this.#url, { method: 'POST', body }).catch(() => undefined)
    }
    this.#busy = false
  }
}
