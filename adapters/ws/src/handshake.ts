import type { IncomingMessage } from 'node:http'

import type { Handshake } from '@fanfare/core'
import { subprotocolsOf } from '@fanfare/core/adapter'

/** What the gateway wants to know of an upgrade request. `path` is what lies below the mount. */
export function handshakeOf({ url = '', headers, socket }: IncomingMessage, path: string): Handshake {
  const at = url.indexOf('?')
  const queries = new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
  return {
    path,
    query: (name) => queries.get(name) ?? undefined,
    queries,
    header: (name) => (Object.hasOwn(headers, name) ? firstOf(headers[name]) : undefined),
    headers: { [Symbol.iterator]: () => eachOf(headers) },
    remoteAddress: socket.remoteAddress,
    subprotocols: subprotocolsOf(headers['sec-websocket-protocol']),
    transport: 'websocket',
  }
}

function* eachOf(headers: IncomingMessage['headers']): Generator<readonly [string, string]> {
  for (const name of Object.keys(headers)) {
    const value = firstOf(headers[name])
    if (value !== undefined) yield [name, value]
  }
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}
