import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Gateway } from '@fanfare/core'
import { httpAdapter, type HttpAdapter, type HttpAdapterOptions } from '@fanfare/http'
import { nodeListener, serve } from '@fanfare/http/node'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { toNodeHandler } from 'srvx/node'

/** An application with the plain transports below `/live`. */
export interface HttpHost {
  readonly port: number
  /** `http://127.0.0.1:port/live` */
  readonly url: string
  readonly adapter: Pick<HttpAdapter, 'connections'>
  close(): Promise<void>
}

export type StartHttpHost = (gateway: Gateway, options?: HttpAdapterOptions) => Promise<HttpHost>

const onNode: StartHttpHost = async (gateway, options) => {
  const served = await serve(gateway, { ...options, path: '/live' })
  return { port: served.port, url: served.url, adapter: served, close: () => served.close() }
}

const onHono: StartHttpHost = async (gateway, options) => {
  const adapter = httpAdapter(gateway, { ...options, path: '/live' })
  const app = new Hono()
  app.all('/live/*', ({ req: { raw } }) => adapter(raw, { remoteAddress: (raw as { ip?: string }).ip }))
  const server = createServer(toNodeHandler(app.fetch) as unknown as RequestListener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...{ port, adapter, url: `http://127.0.0.1:${String(port)}/live` },
    async close() {
      await adapter.close()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const onFastify: StartHttpHost = async (gateway, options) => {
  const adapter = httpAdapter(gateway, { ...options, path: '/live' })
  const listener = nodeListener(adapter)
  const app = fastify({ forceCloseConnections: true })
  app.route({
    method: ['GET', 'POST', 'OPTIONS'],
    url: '/live/*',
    // Before Fastify reads the body.
    onRequest: (request, reply, done) => {
      reply.hijack()
      listener(request.raw, reply.raw)
      done()
    },
    handler: () => undefined,
  })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    ...{ port: Number(new URL(base).port), adapter, url: `${base}/live` },
    async close() {
      await adapter.close()
      await app.close()
    },
  }
}

/** Every host that the documentation names and that runs on Node. */
export const HTTP_HOSTS: readonly (readonly [name: string, start: StartHttpHost])[] = [
  ['node:http', onNode],
  ['Fastify', onFastify],
  ['Hono', onHono],
]
