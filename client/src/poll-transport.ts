import type { Cancel } from '@fanfare/core/contract'

import { aborter, discard, endIn, endOf, type HttpOptions, HttpRequests, jsonOf } from './http-requests.ts'
import type { ClientPlatform, FetchResponse } from './platform.ts'
import type { Link, LinkEvents, Transport } from './transport.ts'
import { midway, Uplink } from './uplink.ts'

/** How often in a row a poll whose answer was lost is repeated: the server keeps what was in it. */
const REPEATS = 3
/** The pause before the first of these, in milliseconds; it doubles. */
const PAUSE_MS = 500
/** A poll that brought nothing took so long at least, or the next one waits, in milliseconds. */
const MIN_EMPTY_MS = 1_000

/** The transport over long polls, with POST for what goes up: where nothing else gets through, at the highest cost. */
export function poll(options: HttpOptions = {}): Transport {
  return {
    name: 'poll',
    open: (url, events, platform) => new PollLink(new HttpRequests(url, 'poll', options), events, platform),
  }
}

class PollLink implements Link {
  readonly #requests: HttpRequests
  readonly #events: LinkEvents
  readonly #platform: ClientPlatform
  readonly #aborter = aborter()
  readonly #uplink: Uplink
  #cancelTimer: Cancel | undefined
  /** The number of the last answer that came. */
  #ack = 0
  #lost = 0
  #over = false

  constructor(requests: HttpRequests, events: LinkEvents, platform: ClientPlatform) {
    this.#requests = requests
    this.#events = events
    this.#platform = platform
    this.#uplink = new Uplink(requests, platform, (code, reason) => this.#end(code, reason))
    this.#ask({}, (response) => this.#opened(response))
  }

  get bufferedBytes(): number {
    return this.#uplink.bufferedBytes
  }

  send(text: string): void {
    if (!this.#over) this.#uplink.send(text)
  }

  close(cut = false): void {
    if (this.#over) return
    this.#over = true
    this.#hush()
    if (!cut && this.#requests.session) this.#uplink.part(() => {})
    else this.#uplink.cut()
  }

  /** `hear` may reject: then the answer counts as lost. */
  #ask(body: object, hear: (response: FetchResponse) => Promise<void>): void {
    this.#requests
      .post(body, this.#aborter)
      .then((response) => {
        if (!this.#over) return hear(response)
        discard(response)
        return undefined
      })
      .catch(() => this.#again())
  }

  async #opened(response: FetchResponse): Promise<void> {
    if (response.status !== 200) {
      discard(response)
      this.#end(...endOf(response.status))
      return
    }
    const session = (await jsonOf(response))?.['session']
    if (typeof session !== 'string' || this.#over) this.#end(1006, '')
    else {
      this.#requests.session = session
      this.#poll()
    }
  }

  #poll(): void {
    const { clock } = this.#platform
    const askedAt = clock.monotonic()
    this.#ask({ poll: this.#ack }, async (response) => {
      if (response.status !== 200) {
        discard(response)
        if (response.status >= 500) throw new Error('not the answer')
        this.#end(...midway(response.status))
        return
      }
      const answer = await jsonOf(response)
      if (!answer) throw new Error('not the answer')
      this.#lost = 0
      const news = this.#hear(answer)
      if (this.#over) return
      const left = news ? 0 : MIN_EMPTY_MS - (clock.monotonic() - askedAt)
      if (left > 0) this.#after(left)
      else this.#poll()
    })
  }

  /** Returns whether there was anything in it. */
  #hear({ n, messages, close }: Readonly<Record<string, unknown>>): boolean {
    const news = typeof n === 'number' && n > this.#ack
    if (news) {
      this.#ack = n
      for (const message of Array.isArray(messages) ? (messages as readonly unknown[]) : []) {
        if (!this.#over) this.#events.message(message)
      }
    }
    if (close) this.#end(...endIn(close))
    return news
  }

  #again(): void {
    if (this.#over) return
    if (!this.#requests.session || this.#lost >= REPEATS) this.#end(1006, '')
    else this.#after(PAUSE_MS * 2 ** this.#lost++)
  }

  #after(ms: number): void {
    this.#cancelTimer = this.#platform.scheduler.after(ms, () => this.#poll())
  }

  #end(code: number, reason: string, status?: number): void {
    if (this.#over) return
    this.#over = true
    this.#hush()
    this.#uplink.cut()
    this.#events.closed(code, reason, status)
  }

  #hush(): void {
    this.#cancelTimer?.()
    this.#aborter.abort()
  }
}
