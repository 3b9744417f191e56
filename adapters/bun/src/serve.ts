import type { Gateway } from '@fanfare/core'
import { knownOptions, type ListenOptions, listenOptions } from '@fanfare/core/adapter'

import { bunAdapter, isUpgrade } from './bun-adapter.ts'
import { BUN_OPTIONS, type BunAdapterOptions } from './options.ts'

/** How a gateway is served. */
export interface ServeOptions extends BunAdapterOptions, ListenOptions {
  /**
   * Answers the requests that are no WebSocket handshakes, such as those for an `httpAdapter`. What it answers may pause
   * for as long as it likes. @defaultValue 426 on the adapter's path, else 404
   */
  readonly fetch?: ((request: Request, info: RequestInfo) => Response | Promise<Response>) | undefined
}

/** What is known of a request beside what is in it. */
export interface RequestInfo {
  readonly remoteAddress: string | undefined
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
 * Serves a gateway on a Bun server of its own. To mount it beside other routes, use `bunAdapter`.
 *
 * Rejects when the port cannot be had, and with an OptionError when an option is unknown or has a wrong value.
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Served> {
  knownOptions('serve', options, ['port', 'host', 'fetch', ...BUN_OPTIONS])
  const { port, host } = listenOptions(options)
  const { path, compression } = options
  const adapter = bunAdapter(gateway, { path, compression })
  // A connection that does not ask for anything is cut after this; Bun counts in seconds, up to 255.
  const idleTimeout = Math.min(255, Math.ceil(gateway.limits.handshakeTimeoutMs / 1_000))
  const server = Bun.serve({
    port,
    hostname: host,
    idleTimeout,
    websocket: adapter.websocket,
    fetch: (request, asked) => {
      if (!options.fetch || isUpgrade(request)) return adapter.fetch(request, asked)
      asked.timeout(request, 0)
      return options.fetch(request, { remoteAddress: asked.requestIP(request)?.address })
    },
  })
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
