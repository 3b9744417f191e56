import type { Handshake } from '@fanfare/core'
import { subprotocolsOf } from '@fanfare/core/adapter'

/** What the gateway wants to know of an upgrade request. `path` is what lies below the mount. */
export function handshakeOf(request: Request, path: string, remoteAddress: string | undefined): Handshake {
  const { searchParams } = new URL(request.url)
  return {
    path,
    query: (name) => searchParams.get(name) ?? undefined,
    queries: searchParams,
    header: (name) => request.headers.get(name) ?? undefined,
    headers: request.headers,
    remoteAddress,
    subprotocols: subprotocolsOf(request.headers.get('sec-websocket-protocol')),
    transport: 'websocket',
  }
}
