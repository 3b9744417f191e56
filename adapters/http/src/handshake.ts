import type { Handshake } from '@fanfare/core'
import { pathBelow } from '@fanfare/core/adapter'

import { type NodeRequest, nodeRequestOf } from './node-request.ts'

/** The ways to be connected over plain HTTP. */
export type HttpTransport = 'sse' | 'poll'

/** What a request is about. */
export interface Place {
  readonly transport: HttpTransport
  /** The path of a protocol, below the mount. */
  readonly path: string
}

const PLACE = /^(.*)\/(sse|poll)\/?$/

/** What the path of a request says; `undefined` when it is somebody else's. */
export function placeOf(mount: string, { pathname }: URL): Place | undefined {
  const [, path, transport] = PLACE.exec(pathBelow(mount, pathname) ?? '') ?? []
  if (path === undefined) return undefined
  return { path: path === '' ? '/' : path, transport: transport as HttpTransport }
}

/** What the gateway wants to know of a request. */
export function handshakeOf(
  request: Request,
  url: URL,
  { path, transport }: Place,
  remoteAddress: string | undefined,
): Handshake {
  return {
    path,
    query: (name) => url.searchParams.get(name) ?? undefined,
    queries: url.searchParams,
    headers: headersOf(request, url),
    header: (name) => request.headers.get(name) ?? (name === 'host' ? url.host : undefined),
    remoteAddress,
    subprotocols: [],
    transport,
  }
}

/** Some hosts put the host into the URL alone. */
function headersOf(request: Request, { host }: URL): Iterable<readonly [string, string]> {
  const { headers } = request
  return {
    *[Symbol.iterator]() {
      const node = nodeRequestOf(request)
      if (node) {
        yield* pairsOf(node)
        return
      }
      if (!headers.has('host')) yield ['host', host]
      yield* headers
    },
  }
}

/** Going over those of the Request itself would set aside what the application put into Node's. */
function* pairsOf({ headers }: NodeRequest): Generator<readonly [string, string]> {
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) yield [name, String(value)]
  }
}
