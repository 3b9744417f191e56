import { WebSocket } from 'ws'

import { type Frame, readFrame } from './frame.ts'

/** How a client connects and what it says first. */
export interface LinkPlan {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent after the greeting. */
  readonly hello: object | undefined
  readonly channels: readonly string[]
  /** Goes with the subscriptions that somebody decides about. JSON. */
  readonly auth: string
}

/** What a client tells. */
export interface LinkEvents {
  /** It was greeted; the handshake took so many milliseconds, the greeting included. */
  greeted(ms: number): void
  /** A subscription was answered, with the word of an error if it was refused. */
  subscribed(channel: string, refusal: string | undefined): void
  /** A frame about a channel: a message, a gap, the end of a subscription. */
  heard(frame: Frame, channel: string): void
  /** A publish was answered, with the word of an error if it was refused. */
  answered(id: number, refusal: string | undefined): void
  /** The connection is gone, or there never was one. Called once. */
  closed(code: number, why: string): void
}

const HANDSHAKE_MS = 15_000
/** How long a subscription may take to be answered. */
const ANSWER_MS = 15_000
/** What may wait in this process before a connection counts as full, in bytes. */
const FULL_BYTES = 1_048_576
/** The close code for a connection that was cut. */
const CUT = 1006
const GOING_AWAY = 1001

/** One WebSocket connection that speaks the protocol native. It does not come back: whoever wants that makes another one. */
export class Link {
  readonly #plan: LinkPlan
  readonly #events: LinkEvents
  readonly #socket: WebSocket
  readonly #began = performance.now()
  #timer: NodeJS.Timeout | undefined
  #why = ''
  #greeted = false
  readonly #unanswered: Set<string>

  /** Connects at once. */
  constructor(plan: LinkPlan, events: LinkEvents) {
    this.#plan = plan
    this.#events = events
    this.#unanswered = new Set(plan.channels)
    const { url, headers } = plan
    this.#socket = new WebSocket(url, { headers, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS })
    this.#socket.on('message', (data: Buffer, binary) => {
      if (!binary) this.#hear(data.toString())
    })
    this.#socket.on('error', (error) => (this.#why ||= reasonOf(error)))
    this.#socket.on('close', (code) => this.#over(code))
    this.#socket.on('open', () => this.#patience())
  }

  /** Whether it can take more now. */
  get writable(): boolean {
    return this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount < FULL_BYTES
  }

  /** Publishes; the answer has the id. */
  publish(
    channel: string,
    event: string,
    { id, data }: { readonly id: number; readonly data: string },
  ): void {
    const head = JSON.stringify({ op: 'pub', id, channel, event, echo: true })
    this.#socket.send(`${head.slice(0, -1)},"data":${data}}`)
  }

  /** Says goodbye, and cuts the connection when the server takes its time. */
  close(): void {
    this.#socket.close(this.#greeted ? 1000 : GOING_AWAY)
  }

  /** Ends it without a word. */
  destroy(): void {
    this.#socket.terminate()
  }

  /** A server that accepts and then says nothing is as good as none. */
  #patience(): void {
    this.#timer = setTimeout(() => {
      this.#why = 'the server did not answer in time'
      this.#socket.terminate()
    }, ANSWER_MS)
  }

  #hear(text: string): void {
    const frame = readFrame(text)
    if (!frame) return
    const { op, id, channel, code } = frame
    if (op === 'welcome') this.#greet()
    else if (op === 'ping') this.#socket.send('{"op":"pong"}')
    else if (op === 'bye') this.#why = code
    else if (op === 'ok' || op === 'err') this.#answered(id, op === 'ok' ? undefined : code)
    else if (channel !== undefined) this.#events.heard(frame, channel)
  }

  #greet(): void {
    if (this.#greeted) return
    this.#greeted = true
    this.#events.greeted(performance.now() - this.#began)
    const { hello, channels, auth } = this.#plan
    if (hello) this.#socket.send(JSON.stringify(hello))
    for (const [at, channel] of channels.entries()) {
      const head = JSON.stringify({ op: 'sub', id: `sub-${String(at)}`, channel })
      const guarded = /^(private|presence)-/.test(channel)
      this.#socket.send(guarded ? `${head.slice(0, -1)},"auth":${auth}}` : head)
    }
  }

  /** Publishes have numbers for ids, subscriptions words. */
  #answered(id: unknown, refusal: string | undefined): void {
    if (typeof id === 'number') this.#events.answered(id, refusal)
    const channel = typeof id === 'string' ? this.#plan.channels[Number(id.slice('sub-'.length))] : undefined
    if (channel === undefined || !this.#unanswered.delete(channel)) return
    if (this.#unanswered.size === 0) clearTimeout(this.#timer)
    this.#events.subscribed(channel, refusal)
  }

  #over(code: number): void {
    clearTimeout(this.#timer)
    this.#events.closed(
      code,
      this.#why || (code === CUT ? 'the connection was cut' : `close code ${String(code)}`),
    )
  }
}

function reasonOf(error: Error): string {
  // A host with several addresses fails with an error for each, and no message of its own.
  const text = error instanceof AggregateError ? error.errors.map(String).join(', ') : error.message
  return text.replace(/\s+/g, ' ').slice(0, 200)
}
