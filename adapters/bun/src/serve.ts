import type { Gateway } from '@fanfare/core'
import { knownOptions, type ListenOptions, listenOptions } from '@fanfare/core/adapter'

import { bunAdapter, isUpgrade, pathnameOf } from './bun-adapter.ts'
import { BUN_OPTIONS, type BunAdapterOptions } from './options.ts'

/** How a gateway is served. */
export interface ServeOptions extends BunAdapterOptions, ListenOptions {
  /**
   * Answers the requests that are no WebSocket handshakes, such as those for an `httpAdapter`. It may take its time, and
   * server-sent events may pause for as long as they like; other answers as long as a handshake may take.
   * @defaultValue 426 on the adapter's path, else 404
   */
  readonly fetch?: ((request: Request, info: RequestInfo) => Response | Promise<Response>) | undefined
}

/** What is known of a request beside what is in it. */
export interface RequestInfo {
  readonly remoteAddress: string | undefined
  /** 0: however long an answer pauses, its connection is not cut. */
  readonly idleTimeoutMs: 0
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
  const { idleTimeout } = adapter.server
  const server = Bun.serve({
    ...adapter.server,
    // Without development Bun lets several processes have one port.
    reusePort: false,
    port,
    hostname: host,
    websocket: adapter.websocket,
    fetch: async (request, asked) => {
      if (!options.fetch || isUpgrade(request) || pathnameOf(request) === undefined) {
        return adapter.fetch(request, asked)
      }
      // An answer may be waited for; but when it is there, its connection has to go on or end.
      asked.timeout(request, 0)
      const remoteAddress = asked.requestIP(request)?.address
      const answer = await options.fetch(request, { remoteAddress, idleTimeoutMs: 0 })
      return pauses(answer) ? closing(answer) : (asked.timeout(request, idleTimeout), answer)
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

/** Server-sent events: nothing need come for as long as one likes. */
function pauses({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}

/** Its connection ends with it: Bun would never cut it again. */
function closing(answer: Response): Response {
  answer.headers.set('connection', 'close')
  return answer
}
