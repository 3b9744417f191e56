import type { IncomingMessage, ServerResponse } from 'node:http'

import { Gateway, OptionError, type Ticket } from '@fanfare/core'
import { knownOptions, mountPath } from '@fanfare/core/adapter'
import { ClosingWebSocket, Connections, maxPayloadOf, webSocketOptions, Wire } from '@fanfare/ws/connections'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { WebSocket } from 'ws'

import { handshakeOf } from './handshake.ts'
import { Upgrades } from './upgrades.ts'

/** How a gateway is mounted on a Fastify app. */
export interface FanfareOptions {
  readonly gateway: Gateway
  /**
   * Where it is mounted, below the prefix of the context it is registered in; the paths of its protocols lie below.
   * @defaultValue `'/'`
   */
  readonly path?: string | undefined
}

/** What a route says of itself: whether it takes web sockets. */
const TAKES_WEB_SOCKETS = Symbol('fanfare.fastify.takes-web-sockets')

/**
 * Mounts a gateway on a Fastify app. The hooks of the context it is registered in run before the upgrade: they may refuse
 * it, and what they put on the request reaches `authenticate`, see `requestOf`. Brings `@fastify/websocket` unless it is
 * registered already. `app.close()` says goodbye to all clients first.
 *
 * Registering rejects with an OptionError when an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * await app.register(fanfare, { gateway, path: '/live' })
 * ```
 */
export const fanfare: FastifyPluginAsync<FanfareOptions> = plugin(mount, {
  fastify: '5.x',
  name: '@fanfare/fastify',
})

async function mount(app: FastifyInstance, options: FanfareOptions): Promise<void> {
  knownOptions('fanfare', options, ['gateway', 'path'])
  const { gateway, path = '/' } = options
  if (!(gateway instanceof Gateway)) throw new OptionError('gateway', 'a Gateway', gateway)
  const house = new House(gateway, mountPath(path))
  // Before `@fastify/websocket` adds its own, which closes without a word.
  app.addHook('preClose', () => house.close())
  if (!app.hasDecorator('websocketServer')) {
    await app.register(websocket, {
      options: { ...(webSocketOptions(gateway.limits) as object), perMessageDeflate: false },
    })
  }
  // Several gateways may share the server: the largest limit is its own, each gateway keeps to its own behind it.
  const { options: shared } = app.websocketServer
  const most = maxPayloadOf(gateway.limits)
  if (shared.WebSocket === (ClosingWebSocket as never) && most > (shared.maxPayload ?? 0))
    shared.maxPayload = most
  refuseStrangers(app)
  house.open(app)
}

/**
 * An upgrade to a route that takes no web sockets is refused: `@fastify/websocket` would answer 101, and close then. Routes
 * that were there before are known to it alone, and so they may still.
 */
function refuseStrangers(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { websocket: takes = false, wsHandler } = route
    route.config = { ...route.config, [TAKES_WEB_SOCKETS]: takes || wsHandler !== undefined }
  })
  app.addHook('onRequest', async ({ ws, routeOptions: { config } }, reply) => {
    const takes = (config as { [TAKES_WEB_SOCKETS]?: boolean } | undefined)?.[TAKES_WEB_SOCKETS]
    if (ws && takes === false) return reply.code(404).send('nothing is served here\n')
    return undefined
  })
}

/** An upgrade that the gateway let in. */
interface Admitted {
  readonly ticket: Ticket
  readonly response: ServerResponse
}

/** A gateway's place in a Fastify app. */
class House {
  readonly #gateway: Gateway
  readonly #path: string
  readonly #connections: Connections
  readonly #wire = new Wire()
  readonly #admitted = new WeakMap<IncomingMessage, Admitted>()
  #upgrades: Upgrades | undefined
  #closed = false

  constructor(gateway: Gateway, path: string) {
    this.#gateway = gateway
    this.#path = path
    this.#connections = new Connections(gateway)
  }

  /** The routes: the mount itself, and everything below. */
  open(app: FastifyInstance): void {
    this.#upgrades = new Upgrades(this.#gateway, app.server, app.websocketServer)
    const base = this.#path.endsWith('/') ? this.#path.slice(0, -1) : this.#path
    for (const url of new Set([this.#path, `${base}/*`])) {
      app.route({
        method: 'GET',
        url,
        // As late as possible: after the hooks of the application.
        preHandler: (request, reply) => this.#decide(request, reply),
        handler: (_request, reply) =>
          reply.code(426).header('upgrade', 'websocket').send('this is for WebSocket clients\n'),
        wsHandler: (ws, { raw }) => this.#accept(ws, raw),
      })
    }
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#connections.leave().then(() => this.#upgrades?.stop())
  }

  async #decide(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (!request.ws) return undefined
    // The prefix may have parameters: what is below is what the router found there.
    const { '*': below = '' } = request.params as { readonly '*'?: string }
    const admission = this.#closed ? undefined : await this.#gateway.admit(handshakeOf(request, `/${below}`))
    // The app may have begun to close meanwhile.
    if (!admission || this.#closed) {
      return reply.code(503).header('retry-after', '1').send('the server is shutting down\n')
    }
    if (!admission.ok) {
      return reply.code(admission.status).headers(admission.headers).send(`${admission.message}\n`)
    }
    this.#admitted.set(request.raw, { ticket: admission, response: reply.raw })
    return undefined
  }

  #accept(ws: WebSocket, request: IncomingMessage): void {
    const admitted = this.#admitted.get(request)
    if (!admitted) {
      ws.terminate()
      return
    }
    const { socket } = request
    // The plugin's listener for errors and the socket's response hold the request, with all of its headers.
    ws.removeAllListeners('error')
    admitted.response.detachSocket(socket)
    this.#connections.open({ ws: ws as ClosingWebSocket, socket, wire: this.#wire }, admitted.ticket)
  }
}
