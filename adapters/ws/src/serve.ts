import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Gateway } from '@fanfare/core'
import { knownOptions, type ListenOptions, listenOptions } from '@fanfare/core/adapter'

import { attach, type AttachOptions } from './attach.ts'
import type { Attached } from './mount.ts'

/** How a gateway is served. */
export interface ServeOptions extends AttachOptions, ListenOptions {}

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
 * Rejects when the port cannot be had, and with an OptionError when an option is unknown or has a wrong value.
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Served> {
  knownOptions('serve', options, ['port', 'host', 'path', 'compression'])
  const { port, host } = listenOptions(options)
  const { path, compression } = options
  const server = createServer((_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket', 'content-type': 'text/plain' })
    response.end('this is a WebSocket server\n')
  })
  const attached = attach(gateway, server, { path, compression })
  server.listen(port, host)
  await once(server, 'listening')
  server.on('error', (error) => gateway.hub.reportError({ error, where: 'conn' }))
  return served(server, attached, host, path ?? '/')
}

function served(server: Server, attached: Attached, host: string, path: string): Served {
  const { port } = server.address() as AddressInfo
  return {
    port,
    host,
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${String(port)}${path}`,
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
