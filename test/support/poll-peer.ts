import { type Peer, plainData } from '../contracts/conn-stand.ts'
import { Sender } from './http-sender.ts'

interface Answer {
  readonly n?: number
  readonly messages: readonly (string | { readonly bytes: string })[]
  readonly close?: NonNullable<Peer['ended']>
}

/** A client that polls, and keeps to the rules. */
export class PollPeer implements Peer {
  readonly received: (string | Uint8Array)[] = []
  ended: Peer['ended']
  readonly #url: string
  readonly #sender: Sender
  #abort = new AbortController()
  #acknowledged = 0
  #stalled = false
  #polling = false

  private constructor(url: string) {
    this.#url = url
    this.#sender = new Sender(url)
  }

  static async open(url: string): Promise<PollPeer> {
    const at = `${url.replace(/\/$/, '')}/poll`
    const response = await fetch(at, { method: 'POST' })
    const { session } = (await response.json()) as { session: string }
    const peer = new PollPeer(`${at}?session=${session}`)
    void peer.#run()
    return peer
  }

  send(data: string | Uint8Array): void {
    this.#sender.send(data)
  }

  stall(): void {
    this.#stalled = true
    this.#abort.abort()
  }

  resume(): void {
    this.#stalled = false
    void this.#run()
  }

  freeze(): void {
    this.stall()
  }

  close(code: number, reason: string): void {
    this.#sender.close({ code, reason })
  }

  destroy(): void {
    this.ended ??= { code: 1006, reason: '' }
    this.#abort.abort()
  }

  /** Goes for good, whatever it did before. Resolves when the server knows. */
  async left(): Promise<void> {
    this.destroy()
    const body = JSON.stringify({ close: { code: 1000, reason: '' } })
    await fetch(this.#url, { method: 'POST', body }).catch(() => undefined)
  }

  async #run(): Promise<void> {
    if (this.#polling) return
    this.#polling = true
    while (!this.#stalled && !this.ended) {
      await this.#poll().catch(() => {
        if (!this.#abort.signal.aborted) this.ended ??= { code: 1006, reason: '' }
      })
    }
    this.#polling = false
  }

  async #poll(): Promise<void> {
    this.#abort = new AbortController()
    const body = JSON.stringify({ poll: this.#acknowledged })
    const response = await fetch(this.#url, { method: 'POST', body, signal: this.#abort.signal })
    if (response.status !== 200) {
      this.ended ??= { code: 1006, reason: '' }
      return
    }
    const { n, messages, close } = (await response.json()) as Answer
    this.#acknowledged = n ?? this.#acknowledged
    for (const message of messages) {
      this.received.push(
        typeof message === 'string' ? message : plainData(Buffer.from(message.bytes, 'base64')),
      )
    }
    if (close) this.ended ??= close
  }
}
