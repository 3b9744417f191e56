import type { Server } from 'node:http'
import type { Socket } from 'node:net'

import type { Deadlines } from '@fanfare/core/adapter'

/** How connections that are watched are told apart. */
export type ConnectionKey = string | Socket

/**
 * Cuts connections that do not finish their first request in time, whatever timeouts the HTTP server itself has. It does
 * not hear of upgrades: whoever listens to them says so.
 *
 * @returns how to stop watching
 */
export function watchHalfOpen(server: Server, deadlines: Deadlines<ConnectionKey>): () => void {
  // A TLS server tells of a connection before its TLS handshake, and shows another socket from then on.
  const secure = 'setSecureContext' in server
  const opened = (socket: Socket): void => {
    const key = connectionKey(socket)
    if (secure && typeof key !== 'string') return
    deadlines.start(key, () => socket.destroy())
    socket.once('close', () => deadlines.met(key))
  }
  const heard = ({ socket }: { readonly socket: Socket }): void => {
    deadlines.met(connectionKey(socket))
  }
  server.on('connection', opened)
  server.prependListener('request', heard)
  return () => {
    server.off('connection', opened)
    server.off('request', heard)
    deadlines.clear()
  }
}

/** The same for the socket that was accepted and for the one that TLS puts around it; the socket itself without TCP. */
export function connectionKey(socket: Socket): ConnectionKey {
  const { remoteAddress, remotePort, localAddress } = socket
  return remotePort === undefined ? socket : `${remoteAddress} ${String(remotePort)} ${localAddress}`
}
