import type { Gateway } from '@fanfare/core'
import { knownOptions, type ListenOptions, listenOptions } from '@fanfare/core/adapter'

import { bunAdapter } from './bun-adapter.ts'
import { BUN_OPTIONS, type BunAdapterOptions } from './options.ts'

/** How a gateway is served. */
export interface ServeOptions extends BunAdapterOptions, ListenOptions {}

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
 * Serves a gateway on a Bun server of its own. To mount it beside other routes, use `bunAdapter`.
 *
 * Rejects when the port cannot be had, and with an OptionError when an option is unknown or has a wrong value.
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Served> {
  knownOptions('serve', options, ['port', 'host', ...BUN_OPTIONS])
  const { port, host } = listenOptions(options)
  const { path, compression } = options
  const adapter = bunAdapter(gateway, { path, compression })
  const { fetch, websocket } = adapter
  // A connection that does not ask for anything is cut after this; Bun counts in seconds, up to 255.
  const idleTimeout = Math.min(255, Math.ceil(gateway.limits.handshakeTimeoutMs / 1_000))
  const server = Bun.serve({ port, hostname: host, fetch, websocket, idleTimeout })
  const at = `${host.includes(':') ? `[${host}]` : host}:${String(server.port)}`
  return {
    port: server.port ?? port,
    host,
    url: `ws://${at}${path ?? '/'}`,
    get connections() {
      return adapter.connections
    },
    close: async () => {
      await adapter.close()
      await server.stop(true)
    },
  }
}
