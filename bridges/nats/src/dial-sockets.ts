import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

const CHANNEL = 'net.client.socket'

/**
 * The sockets that are opened in the course of one attempt to connect. The client library gives no means to abandon an
 * attempt, and leaves the socket open when its own time limit is over: a server that accepts connections and says nothing
 * would cost a socket with every attempt, and keep the process alive.
 *
 * Where the runtime does not tell about sockets (Bun), there are none in here.
 */
export class DialSockets {
  readonly #attempt = new AsyncLocalStorage<this>()
  readonly #sockets = new Set<Socket>()
  readonly #abort = new AbortController()
  #destroyed = false

  /** For sockets that begin with TLS, of which the runtime does not tell. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Runs `dial`, and watches it until its promise is settled. */
  async run<T>(dial: () => Promise<T>): Promise<T> {
    const opened = (message: unknown): void => this.#opened(message)
    subscribe(CHANNEL, opened)
    try {
      return await this.#attempt.run(this, dial)
    } finally {
      unsubscribe(CHANNEL, opened)
      this.#attempt.disable()
    }
  }

  /** Destroys every socket, and those that are still opened. */
  destroy(): void {
    this.#destroyed = true
    this.#abort.abort()
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  #opened(message: unknown): void {
    if (this.#attempt.getStore() !== this) return
    const { socket } = message as { readonly socket?: unknown }
    if (!(socket instanceof Socket)) return
    if (this.#destroyed) socket.destroy()
    else this.#sockets.add(socket)
  }
}
