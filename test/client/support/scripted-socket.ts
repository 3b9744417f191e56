import type { WebSocketClass, WebSocketLike } from '@fanfare/client'

type Handler = ((event: object) => void) | null

/** A socket whose server is the test. */
export class ScriptedSocket implements WebSocketLike {
  readonly url: string
  readyState = 0
  bufferedAmount = 0
  onopen: Handler = null
  onmessage: Handler = null
  onclose: Handler = null
  onerror: Handler = null
  /** What the client sent, parsed. */
  readonly sent: Record<string, unknown>[] = []
  /** The code the client closed with. */
  closedWith: number | undefined
  terminated = false

  constructor(url: string) {
    this.url = url
  }

  // The client's side.

  send(data: string): void {
    if (this.readyState !== 1) throw new Error('sent on a socket that is not open')
    this.sent.push(JSON.parse(data) as Record<string, unknown>)
  }

  close(code?: number): void {
    this.closedWith = code
    this.readyState = 3
  }

  terminate(): void {
    this.terminated = true
    this.readyState = 3
  }

  // The server's side.

  opens(): this {
    this.readyState = 1
    this.onopen?.({})
    return this
  }

  /** Opens if need be, and says a frame; anything but an object goes as it is. */
  says(message: unknown): this {
    if (this.readyState === 0) this.opens()
    const plain =
      typeof message === 'object' && message !== null && Object.getPrototypeOf(message) === Object.prototype
    this.onmessage?.({ data: plain ? JSON.stringify(message) : message })
    return this
  }

  welcomes(more: object = {}): this {
    return this.says({ op: 'welcome', v: 1, client: '1.1', heartbeat: 25, ...more })
  }

  /** The last frame of a verb that the client sent. */
  last(op: string): Record<string, unknown> | undefined {
    return this.sent.findLast((frame) => frame['op'] === op)
  }

  /** The frames of a verb that the client sent. */
  all(op: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame['op'] === op)
  }

  /** Says yes to the last frame of a verb. */
  grants(op: string, more: object = {}): this {
    return this.says({ op: 'ok', id: this.last(op)?.['id'], ...more })
  }

  /** Says no to the last frame of a verb. */
  refuses(op: string, code: string, more: object = {}): this {
    return this.says({ op: 'err', id: this.last(op)?.['id'], code, ...more })
  }

  drops(code = 1006, reason = ''): void {
    this.readyState = 3
    this.onerror?.({})
    this.onclose?.({ code, reason })
  }
}

/** A WebSocket class, and the sockets that were made of it. */
export function scriptedSockets(): {
  readonly WebSocket: WebSocketClass
  readonly sockets: ScriptedSocket[]
} {
  const sockets: ScriptedSocket[] = []
  class WebSocket extends ScriptedSocket {
    constructor(url: string) {
      super(url)
      sockets.push(this)
    }
  }
  return { WebSocket, sockets }
}
