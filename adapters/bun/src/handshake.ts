import type { Handshake } from '@fanfare/core'
import { subprotocolsOf } from '@fanfare/core/adapter'

/** What the gateway wants to know of an upgrade request. `path` is what lies below the mount. */
export function handshakeOf(request: Request, path: string, remoteAddress: string | undefined): Handshake {
  let query: URLSearchParams | undefined
  return {
    path,
    query: (name) => (query ??= new URL(request.url).searchParams).get(name) ?? undefined,
    header: (name) => request.headers.get(name) ?? undefined,
    remoteAddress,
    subprotocols: subprotocolsOf(request.headers.get('sec-websocket-protocol')),
    transport: 'websocket',
  }
}
