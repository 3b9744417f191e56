import type { IncomingMessage } from 'node:http'

import { Gateway, OptionError, type Ticket } from '@fanfare/core'
import { knownOptions, mountPath } from '@fanfare/core/adapter'
import { ClosingWebSocket, Connections, Wire } from '@fanfare/ws/connections'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { WebSocket } from 'ws'

import { handshakeOf } from './handshake.ts'

/** How a gateway is mounted on a Fastify app. */
export interface FanfareOptions {
  readonly gateway: Gateway
  /**
   * Where it is mounted, below the prefix of the context it is registered in; the paths of its protocols lie below.
   * @defaultValue `'/'`
   */
  readonly path?: string | undefined
}

/** `ws` computes with 32 bits, and takes 0 for no limit. */
const MOST_BYTES = 0x7fff_ffff

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
      // Two releases of the types of `ws` do not agree about this one.
      options: { WebSocket: ClosingWebSocket as never, perMessageDeflate: false, maxPayload: 1 },
    })
  }
  // Several gateways may share the server: the largest limit is its own, each gateway keeps to its own behind it.
  const { options: shared } = app.websocketServer
  const most = Math.min(gateway.limits.maxMessageBytes, MOST_BYTES)
  if (shared.WebSocket === (ClosingWebSocket as never) && most > (shared.maxPayload ?? 0))
    shared.maxPayload = most
  house.open(app)
}

/** A gateway's place in a Fastify app. */
class House {
  readonly #gateway: Gateway
  readonly #path: string
  readonly #connections: Connections
  readonly #wire = new Wire()
  readonly #tickets = new WeakMap<IncomingMessage, Ticket>()
  #closed = false

  constructor(gateway: Gateway, path: string) {
    this.#gateway = gateway
    this.#path = path
    this.#connections = new Connections(gateway)
  }

  /** The routes: the mount itself, and everything below. */
  open(app: FastifyInstance): void {
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
    return this.#connections.leave()
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
    this.#tickets.set(request.raw, admission)
    return undefined
  }

  #accept(ws: WebSocket, request: IncomingMessage): void {
    const ticket = this.#tickets.get(request)
    if (ticket)
      this.#connections.open({ ws: ws as ClosingWebSocket, socket: request.socket, wire: this.#wire }, ticket)
    else ws.terminate()
  }
}
