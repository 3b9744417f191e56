import type { Link, LinkEvents, Transport } from './transport.ts'
import type { WebSocketClass, WebSocketLike } from './websocket-like.ts'

const OPEN = 1
const NO_CODE = 1006

/** The transport over WebSocket. */
export function websocket(Socket: WebSocketClass): Transport {
  return { name: 'websocket', open: (url, events) => new WebSocketLink(new Socket(url), events) }
}

class WebSocketLink implements Link {
  readonly #socket: WebSocketLike

  constructor(socket: WebSocketLike, events: LinkEvents) {
    this.#socket = socket
    // Every error is followed by a close, which says more. `ws` throws one that nobody listens for, even after the end:
    // so this handler stays.
    socket.onerror = ignore
    socket.onmessage = ({ data }: { data: unknown }) => events.message(data)
    socket.onclose = ({ code, reason }: { code?: unknown; reason?: unknown }) => {
      this.#deafen()
      events.closed(typeof code === 'number' ? code : NO_CODE, typeof reason === 'string' ? reason : '')
    }
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(text: string): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(text)
  }

  close(cut = false): void {
    this.#deafen()
    if (cut && this.#socket.terminate) this.#socket.terminate()
    else this.#socket.close(1000)
  }

  #deafen(): void {
    this.#socket.onmessage = null
    this.#socket.onclose = null
  }
}

function ignore(): void {}
