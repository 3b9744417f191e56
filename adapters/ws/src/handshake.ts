import type { IncomingMessage } from 'node:http'

import type { Handshake } from '@fanfare/core'

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

/**
 * What of the request's path lies below `mount`, beginning with a slash; `undefined` when it is not below it. The request
 * target is taken as it came: it is compared, never resolved.
 */
export function pathBelow(mount: string, request: IncomingMessage): string | undefined {
  const [path = ''] = (request.url ?? '').split('?', 1)
  const base = mount.endsWith('/') ? mount.slice(0, -1) : mount
  if (path === base || path === `${base}/`) return '/'
  return path.startsWith(`${base}/`) ? path.slice(base.length) : undefined
}

function subprotocolsOf(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
