import { type ClientRequest, type IncomingMessage, request } from 'node:http'

import { type Peer, plainData } from '../contracts/conn-stand.ts'
import { Sender } from './http-sender.ts'
import { until } from './until.ts'

interface Event {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** A client of server-sent events with POSTs, which keeps to the rules. */
export class SsePeer implements Peer {
  readonly received: (string | Uint8Array)[] = []
  readonly ids: string[] = []
  ended: Peer['ended']
  session = ''
  readonly #url: string
  readonly #request: ClientRequest
  #response: IncomingMessage | undefined
  #sender: Sender | undefined
  #text = ''

  private constructor(url: string) {
    this.#url = url
    this.#request = request(url, { headers: { accept: 'text/event-stream' }, agent: false })
    this.#request.on('error', () => this.#over(1006, ''))
    this.#request.on('response', (response) => this.#opened(response))
    this.#request.end()
  }

  static async open(url: string): Promise<SsePeer> {
    const peer = new SsePeer(`${url.replace(/\/$/, '')}/sse`)
    await until(() => peer.session !== '' || peer.ended, 'the session')
    return peer
  }

  send(data: string | Uint8Array): void {
    this.#sender?.send(data)
  }

  stall(): void {
    this.#response?.pause()
  }

  resume(): void {
    this.#response?.resume()
  }

  freeze(): void {
    this.stall()
  }

  close(code: number, reason: string): void {
    this.#sender?.close({ code, reason })
  }

  destroy(): void {
    this.#request.destroy()
  }

  #opened(response: IncomingMessage): void {
    this.#response = response
    response.setEncoding('utf8')
    response.on('data', (text: string) => this.#heard(text))
    response.on('error', () => {})
    response.on('close', () => this.#over(1006, ''))
  }

  #heard(text: string): void {
    const events = (this.#text + text).split('\n\n')
    this.#text = events.pop() ?? ''
    for (const event of events) this.#event(parsed(event))
  }

  #event({ id, event, data }: Event): void {
    if (id !== undefined) this.ids.push(id)
    if (event === 'session') {
      this.session = (JSON.parse(data) as { session: string }).session
      this.#sender = new Sender(`${this.#url}?session=${this.session}`)
    } else if (event === 'close') {
      const { code, reason } = JSON.parse(data) as { code: number; reason: string }
      this.#over(code, reason)
    } else if (event === 'binary') this.received.push(plainData(Buffer.from(data, 'base64')))
    else if (event === 'json') this.received.push(JSON.parse(data) as string)
    else if (id !== undefined) this.received.push(data)
  }

  #over(code: number, reason: string): void {
    this.ended ??= { code, reason }
  }
}

function parsed(text: string): Event {
  const fields = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    fields.set(name, [...(fields.get(name) ?? []), value])
  }
  return {
    id: fields.get('id')?.at(-1),
    event: fields.get('event')?.at(-1) ?? 'message',
    data: (fields.get('data') ?? []).join('\n'),
  }
}
