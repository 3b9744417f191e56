import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { watchUpgrades } from '@fanfare/ws/connections'

/** Connections that were answered, and may ask for something more. */
class Resting {
  readonly #most: number
  /** In the order in which they were answered. */
  readonly #sockets = new Set<Socket>()

  constructor(most: number) {
    this.#most = most
  }

  asked(socket: Socket): void {
    this.#sockets.delete(socket)
  }

  answered(socket: Socket): void {
    if (socket.destroyed) return
    this.#sockets.add(socket)
    if (this.#sockets.size > this.#most) this.#cutFirst()
  }

  /** Those that ended by themselves are found here: a listener for each of all sockets would cost more. */
  #cutFirst(): void {
    for (const socket of this.#sockets) if (socket.destroyed) this.#sockets.delete(socket)
    const [first] = this.#sockets
    if (this.#sockets.size > this.#most) first?.destroy()
  }
}

/**
 * Of the connections to a server that were answered, and ask for nothing more, so many may be there at once: beyond it the one
 * that was answered first is cut.
 */
export function limitResting(server: Server, most: number): void {
  const resting = new Resting(most)
  // One for all answers, which say themselves which of them it was.
  const answered = function (this: ServerResponse): void {
    // Who has sent several requests at once, and is gone, has no socket any more.
    const socket = this.req.socket as Socket | null
    if (socket) resting.answered(socket)
  }
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    resting.asked(socket)
    response.once('close', answered)
  })
  watchUpgrades(server, ({ socket }) => resting.asked(socket))
}
