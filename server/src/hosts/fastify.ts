import type { AddressInfo } from 'node:net'

import { fanfare } from '@fanfare/fastify'
import { fastify } from 'fastify'

import { limitSockets, limits, listenerOf, type StartHost } from './host.ts'

/** Fastify. */
export const startFastify: StartHost = async (options) => {
  const { gateway, settings, failed } = options
  const { headersTimeout, requestTimeout, keepAliveTimeout, connectionsCheckingInterval } = limits(settings)
  const app = fastify({
    requestTimeout,
    keepAliveTimeout,
    forceCloseConnections: true,
    // Fastify's own answer repeats what was asked.
    frameworkErrors: (_error, _request, reply) => {
      reply.statusCode = 400
      reply.raw.end('this is no request\n')
    },
    http: { headersTimeout, connectionsCheckingInterval },
  })
  limitSockets(app.server, settings)
  const listener = listenerOf(options)
  // Everything but upgrades is answered as on the other hosts.
  app.addHook('onRequest', ({ raw }, reply, next) => {
    if (raw.headers.upgrade !== undefined) next()
    else {
      reply.hijack()
      listener(raw, reply.raw)
    }
  })
  await app.register(fanfare, { gateway, path: settings.path })
  app.all('/*', (_request, reply) => reply.code(404).send())
  await app.listen({ host: settings.host, port: settings.port })
  app.server.on('error', failed)
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
}
