import type { Cancel } from '@fanfare/core/contract'

import { aborter, discard, endOf, type HttpRequests } from './http-requests.ts'
import type { ClientPlatform } from './platform.ts'

/** What one POST takes of what waits, in UTF-16 units: far below what servers refuse. A message may be longer. */
const BATCH = 65_536
/** How often a POST whose answer was lost is repeated. */
const REPEATS = 3
/** The pause before the first of these, in milliseconds; it doubles. */
const PAUSE_MS = 500
/** The server still reads a POST that was lost on the way, such as one from before a change of networks. */
const UNDER_WAY = 409
/** How long the last words may take, in milliseconds. */
const LINGER_MS = 3_000

/** What goes up by POST: one at a time, and what is said meanwhile goes together in the next. */
export class Uplink {
  readonly #requests: HttpRequests
  readonly #platform: ClientPlatform
  readonly #failed: (code: number, reason: string) => void
  readonly #aborter = aborter()
  #waiting: string[] = []
  /** Of what waits and what is under way, in UTF-16 units. */
  #size = 0
  #seq = 0
  #busy = false
  #over = false
  #cancelTimer: Cancel | undefined
  /** Set while a POST waits to be repeated. */
  #repeat: (() => void) | undefined
  /** Set when the link is being closed: what to do when the last words were said. */
  #parted: (() => void) | undefined

  /** @param failed - told once, when there is no use in sending any more */
  constructor(
    requests: HttpRequests,
    platform: ClientPlatform,
    failed: (code: number, reason: string) => void,
  ) {
    this.#requests = requests
    this.#platform = platform
    this.#failed = failed
  }

  get bufferedBytes(): number {
    return this.#size
  }

  send(text: string): void {
    if (this.#over || this.#parted) return
    this.#waiting.push(text)
    this.#size += text.length
    this.#pump()
  }

  /** Says what waits, and goodbye; `parted` is called when that is over, whatever came of it. */
  part(parted: () => void): void {
    if (this.#over || this.#parted) return
    this.#parted = parted
    this.#cancelTimer?.()
    this.#cancelTimer = this.#platform.scheduler.after(LINGER_MS, () => this.cut())
    if (this.#repeat) this.#repeat()
    else this.#pump()
  }

  /** Ends it at once. */
  cut(): void {
    if (this.#over) return
    this.#over = true
    this.#cancelTimer?.()
    this.#aborter.abort()
    this.#waiting = []
    this.#size = 0
    this.#parted?.()
  }

  #pump(): void {
    if (this.#busy || this.#over) return
    this.#busy = true
    // What is said in the same turn goes together.
    void Promise.resolve().then(() => {
      if (this.#over) return
      const messages = this.#take()
      const last = this.#parted !== undefined && this.#waiting.length === 0
      const body = { seq: ++this.#seq, messages, ...(last && { close: { code: 1000, reason: '' } }) }
      this.#post(body, last, REPEATS)
    })
  }

  #take(): string[] {
    let [count, size] = [0, 0]
    for (const { length } of this.#waiting) {
      if (count > 0 && size + length > BATCH) break
      count++
      size += length
    }
    return this.#waiting.splice(0, count)
  }

  #post(body: { readonly messages: readonly string[] }, last: boolean, repeats: number): void {
    const lost = (): void => {
      if (this.#over) return
      if (last) this.cut()
      else if (repeats > 0) {
        this.#wait(PAUSE_MS * 2 ** (REPEATS - repeats), () => this.#post(body, last, repeats - 1))
      } else this.#fail(1006, '')
    }
    this.#requests.post(body, this.#aborter, last).then((response) => {
      discard(response)
      const { status } = response
      if (this.#over) return
      if (last) this.cut()
      else if (status >= 500 || status === UNDER_WAY) lost()
      else if (status >= 400 || status < 200) this.#fail(...midway(status))
      else this.#done(body.messages)
    }, lost)
  }

  #done(messages: readonly string[]): void {
    this.#busy = false
    for (const { length } of messages) this.#size -= length
    if (this.#waiting.length > 0 || this.#parted) this.#pump()
  }

  /** While it is parting the one timer is that of the last words. */
  #wait(ms: number, then: () => void): void {
    if (this.#parted) this.cut()
    else {
      this.#repeat = () => {
        this.#repeat = undefined
        then()
      }
      this.#cancelTimer = this.#platform.scheduler.after(ms, this.#repeat)
    }
  }

  #fail(code: number, reason: string): void {
    const parted = this.#parted
    this.cut()
    if (!parted) this.#failed(code, reason)
  }
}

/** A session that is gone is a connection that is lost, and no page that is missing. */
export function midway(status: number): readonly [code: number, reason: string] {
  const [code, reason] = endOf(status === 404 ? 0 : status)
  return [code, reason]
}
