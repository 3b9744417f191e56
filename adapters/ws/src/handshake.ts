import type { IncomingMessage } from 'node:http'

import type { Handshake } from '@fanfare/core'
import { subprotocolsOf } from '@fanfare/core/adapter'

/** What the gateway wants to know of an upgrade request. `path` is what lies below the mount. */
export function handshakeOf(request: IncomingMessage, path: string): Handshake {
  const { url = '', headers, socket } = request
  const at = url.indexOf('?')
  let query: URLSearchParams | undefined
  return {
    path,
    query: (name) => {
      query ??= new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
      return query.get(name) ?? undefined
    },
    header: (name) => {
      // The headers are an ordinary object: `constructor` is none of them.
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined
      return Array.isArray(value) ? value[0] : value
    },
    remoteAddress: socket.remoteAddress,
    subprotocols: subprotocolsOf(headers['sec-websocket-protocol']),
    transport: 'websocket',
  }
}
