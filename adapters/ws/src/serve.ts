import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Gateway } from '@fanfare/core'

import { attach, type AttachOptions } from './attach.ts'

/** How a gateway is served. */
export interface ServeOptions extends AttachOptions {
  /** 0 picks a free one. @defaultValue `0` */
  readonly port?: number | undefined
  /** @defaultValue `'127.0.0.1'`: this machine alone */
  readonly host?: string | undefined
}

/** A gateway on a server of its own. */
export interface Served {
  readonly port: number
  readonly host: string
  /** Where clients connect: `ws://host:port/path`. */
  readonly url: string
  readonly connections: number
  /** Takes no more connections, says goodbye to those there are, and resolves when all is closed, after 5 s at most. */
  close(): Promise<void>
}

/**
 * Serves a gateway on an HTTP server of its own, which answers everything but upgrades with 426. To mount it beside other
 * routes, use `attach`.
 *
 * Rejects when the port cannot be had, and with an OptionError when an option has a wrong value.
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Served> {
  const { port = 0, host = '127.0.0.1', ...rest } = options
  const server = createServer((_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket', 'content-type': 'text/plain' })
    response.end('this is a WebSocket server\n')
  })
  const attached = attach(gateway, server, rest)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const bound = server.address() as AddressInfo
  return {
    port: bound.port,
    host,
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${String(bound.port)}${rest.path ?? '/'}`,
    get connections() {
      return attached.connections
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await attached.close()
      server.closeAllConnections()
      await closed
    },
  }
}
