/**
 * Fanfare over plain HTTP on `node:http`.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Gateway } from '@fanfare/core'
import { knownOptions, type ListenOptions, listenOptions } from '@fanfare/core/adapter'
import { toNodeHandler } from 'srvx/node'

import { httpAdapter, type HttpAdapter } from './http-adapter.ts'
import { HTTP_OPTIONS, type HttpAdapterOptions } from './options.ts'

/** Node computes with 32 bits. */
const MOST_MS = 0x7fff_ffff

/** How a gateway is served over plain HTTP. */
export interface ServeOptions extends HttpAdapterOptions, ListenOptions {}

/** A gateway on a server of its own. */
export interface Served {
  readonly port: number
  readonly host: string
  /** Below it lie `/sse` and `/poll`: `http://host:port/path`. */
  readonly url: string
  readonly connections: number
  /** Takes no more connections, says goodbye to those there are, and resolves when all is closed, after 5 s at most. */
  close(): Promise<void>
}

/** An adapter as a listener for the requests of `node:http`, and so for Express, Fastify's `reply.hijack()` and the like. */
export function nodeListener(adapter: HttpAdapter): RequestListener {
  const handler = (request: Request & { readonly ip?: string | undefined }): Promise<Response> =>
    adapter(request, { remoteAddress: request.ip })
  // It takes the requests of HTTP/2 as well, and its types ask for both at once.
  return toNodeHandler(handler) as unknown as RequestListener
}

/** Node's own limits, for what comes before a request reaches the adapter, and for bodies that nobody reads. */
function timeouts({ limits }: Gateway): ServerOptions {
  const headersTimeout = Math.min(limits.handshakeTimeoutMs, MOST_MS)
  const requestTimeout = Math.min(limits.handshakeTimeoutMs + limits.messageTimeoutMs, MOST_MS)
  return { headersTimeout, requestTimeout, connectionsCheckingInterval: 1_000 }
}

/**
 * Serves a gateway on an HTTP server of its own.
 *
 * Rejects when the port cannot be had, and with an OptionError when an option is unknown or has a wrong value.
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Served> {
  knownOptions('serve', options, ['port', 'host', ...HTTP_OPTIONS])
  const { port: wanted, host: given, ...mount } = options
  const { port: asked, host } = listenOptions({ port: wanted, host: given })
  const adapter = httpAdapter(gateway, mount)
  const server = createServer(timeouts(gateway), nodeListener(adapter))
  server.listen(asked, host)
  await once(server, 'listening')
  server.on('error', (error) => gateway.hub.reportError({ error, where: 'conn' }))
  const { port } = server.address() as AddressInfo
  return {
    port,
    host,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}${mount.path ?? '/'}`,
    get connections() {
      return adapter.connections
    },
    close: async () => {
      // Goodbyes may come on connections of their own: the adapter ends first.
      await adapter.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
