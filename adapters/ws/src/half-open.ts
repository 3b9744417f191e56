import type { Server } from 'node:http'
import type { Socket } from 'node:net'

import type { TimerWheel } from '@fanfare/core'

/**
 * Cuts connections that do not finish their first request in time, whatever timeouts the HTTP server itself has.
 *
 * @returns how to stop watching
 */
export function watchHalfOpen(server: Server, wheel: TimerWheel, timeoutMs: number): () => void {
  const waiting = new Map<Socket, () => void>()
  const forget = (socket: Socket): void => {
    waiting.get(socket)?.()
    waiting.delete(socket)
  }
  const opened = (socket: Socket): void => {
    waiting.set(
      socket,
      wheel.after(timeoutMs, () => socket.destroy()),
    )
    socket.once('close', () => forget(socket))
  }
  const heard = ({ socket }: { readonly socket: Socket }): void => forget(socket)
  // Behind TLS the socket of a request is the one inside, which is announced by an event of its own.
  const events = ['connection', 'secureConnection'] as const
  const [name] = 'setSecureContext' in server ? [events[1]] : [events[0]]
  server.on(name, opened)
  server.prependListener('request', heard)
  server.prependListener('upgrade', heard)
  return () => {
    server.off(name, opened)
    server.off('request', heard)
    server.off('upgrade', heard)
    for (const socket of [...waiting.keys()]) forget(socket)
  }
}
