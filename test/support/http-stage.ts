import type { DisconnectEvent } from '@fanfare/core'
import { httpAdapter, type HttpAdapter, type HttpAdapterOptions } from '@fanfare/http'

import { type TestGateway, testGateway, type TestGatewayOptions } from '../fakes/test-gateway.ts'
import { type Said, saidIn, type StreamEvent } from './event-stream.ts'
import { turns } from './until.ts'

export interface HttpStageOptions extends TestGatewayOptions {
  readonly mount?: HttpAdapterOptions
}

/** What a test says of a request. */
export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Printed as JSON unless it is a string. */
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly remoteAddress?: string
}

/** The answer to a poll. */
export interface Answer {
  readonly n?: number
  readonly messages: readonly unknown[]
  readonly close?: { readonly code: number; readonly reason: string }
}

/** A gateway on plain HTTP without a socket, in which time stands still. */
export interface HttpStage extends TestGateway {
  readonly adapter: HttpAdapter
  /** The `disconnect` events of the hub. */
  readonly gone: DisconnectEvent[]
  ask(target: string, ask?: Ask): Promise<Response>
  /** Lets everything happen that happens without time passing. */
  rest(): Promise<void>
  /** Lets time pass, and then everything happen. */
  pass(ms: number): Promise<void>
  /** Opens a stream and reads it. */
  listen(target?: string, ask?: Ask): Promise<Listener>
  /** Opens a session for polls. */
  poller(target?: string, ask?: Ask): Promise<Poller>
}

export function httpStage({ mount, ...options }: HttpStageOptions = {}): HttpStage {
  const stand = testGateway(options)
  const { gateway, hub, clock } = stand
  const adapter = httpAdapter(gateway, mount)
  const gone: DisconnectEvent[] = []
  hub.on('disconnect', (event) => gone.push(event))

  const rest = async (): Promise<void> => {
    // Streams do part of their work outside of promises.
    for (let round = 0; round < 3; round++) {
      await clock.settle()
      await turns(1)
    }
  }
  const stage: HttpStage = {
    ...stand,
    adapter,
    gone,
    rest,
    async pass(ms) {
      clock.advance(ms)
      await rest()
    },
    ask(target, { method = 'GET', body, remoteAddress, ...init } = {}) {
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
      const request = new Request(`http://host${target}`, { ...init, method, body: text ?? null })
      return adapter(request, { remoteAddress })
    },
    async listen(target = '/sse', ask = {}) {
      const listener = new Listener(stage, target, await stage.ask(target, ask))
      await rest()
      return listener
    },
    async poller(target = '/poll', ask = {}) {
      const response = await stage.ask(target, { ...ask, method: 'POST' })
      return new Poller(stage, target, (await response.json()) as { session: string; timeout: number })
    },
  }
  return stage
}

/** Whoever speaks by POSTs. */
abstract class Speaker {
  readonly stage: HttpStage
  readonly #target: string
  #seq = 0

  constructor(stage: HttpStage, target: string) {
    this.stage = stage
    this.#target = target.split('?')[0] ?? ''
  }

  abstract get session(): string

  post(body: unknown, ask: Ask = {}): Promise<Response> {
    return this.stage.ask(`${this.#target}?session=${this.session}`, { ...ask, method: 'POST', body })
  }

  /** Says these messages in one POST, numbered as it should be. */
  async say(...messages: unknown[]): Promise<void> {
    await this.post({ seq: ++this.#seq, messages: messages.map((message) => JSON.stringify(message)) })
    await this.stage.rest()
  }
}

/** Reads a stream of server-sent events, as fast as it comes unless it is told to stop. */
export class Listener extends Speaker {
  readonly response: Response
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #bytes = new Uint8Array()
  #heard = 0
  #reading = false
  #stalled = false
  /** How the stream ended, as a reader sees it. */
  end: 'closed' | 'cut' | undefined

  constructor(stage: HttpStage, target: string, response: Response) {
    super(stage, target)
    this.response = response
    this.#reader = response.body?.getReader()
    this.resume()
  }

  get said(): Said {
    return saidIn(this.#bytes)
  }

  get bytes(): number {
    return this.#bytes.length
  }

  get session(): string {
    const first = this.said.events[0]
    return first?.event === 'session' ? (JSON.parse(first.data) as { session: string }).session : ''
  }

  /** The events since it was last asked. */
  async heard(): Promise<StreamEvent[]> {
    await this.stage.rest()
    const events = this.said.events.slice(this.#heard)
    this.#heard += events.length
    return events
  }

  /** The messages among them, parsed. */
  async messages(): Promise<unknown[]> {
    const events = await this.heard()
    return events.filter(({ event }) => event === 'message').map(({ data }) => JSON.parse(data) as unknown)
  }

  stall(): void {
    this.#stalled = true
  }

  resume(): void {
    this.#stalled = false
    if (!this.#reading) void this.#read()
  }

  async cancel(): Promise<void> {
    await this.#reader?.cancel()
  }

  async #read(): Promise<void> {
    this.#reading = true
    while (!this.#stalled && !this.end && this.#reader) {
      try {
        const { done, value } = await this.#reader.read()
        if (done) this.end = 'closed'
        else this.#bytes = Uint8Array.from(Buffer.concat([this.#bytes, value]))
      } catch {
        this.end = 'cut'
      }
    }
    this.#reading = false
  }
}

/** A poll under way. */
export interface Polled {
  /** The answer, when there is one. */
  answer: Answer | undefined
  status: number | undefined
}

/** Polls when it is told to. */
export class Poller extends Speaker {
  readonly session: string
  readonly timeout: number

  constructor(stage: HttpStage, target: string, { session, timeout }: { session: string; timeout: number }) {
    super(stage, target)
    this.session = session
    this.timeout = timeout
  }

  /** Asks, and lets everything happen that happens without time passing. */
  async poll(ack = 0, more: object = {}, signal?: AbortSignal): Promise<Polled> {
    const polled: Polled = { answer: undefined, status: undefined }
    const settle = async (): Promise<void> => {
      const response = await this.post({ poll: ack, ...more }, signal ? { signal } : {})
      if (response.status === 200) polled.answer = (await response.json()) as Answer
      else await response.text()
      polled.status = response.status
    }
    void settle()
    await this.stage.rest()
    return polled
  }
}

/** The messages in an answer, parsed. */
export function messagesIn({ answer }: Polled): unknown[] | undefined {
  return answer?.messages.map((message) =>
    typeof message === 'string' ? (JSON.parse(message) as unknown) : message,
  )
}
