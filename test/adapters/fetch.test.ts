import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { Gateway } from '@fanfare/core'
import { httpAdapter, type HttpAdapter } from '@fanfare/http'
import { nodeListener } from '@fanfare/http/node'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { toNodeHandler } from 'srvx/node'

import { connContract } from '../contracts/conn.contract.ts'
import { pollOptions, pollStand, sseStand } from '../support/http-stand.ts'

// The fetch handler in the applications of others.

/** An application that is served. */
interface App {
  readonly url: string
  close(): Promise<void>
}

async function onHono(adapter: HttpAdapter): Promise<App> {
  const app = new Hono()
  app.all('/live/*', ({ req: { raw } }) => adapter(raw, { remoteAddress: (raw as { ip?: string }).ip }))
  const server = createServer(toNodeHandler(app.fetch) as unknown as RequestListener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/live`,
    async close() {
      await adapter.close()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function onFastify(adapter: HttpAdapter): Promise<App> {
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
    url: `${base}/live`,
    async close() {
      await adapter.close()
      await app.close()
    },
  }
}

const mounted = (gateway: Gateway): HttpAdapter =>
  httpAdapter(gateway, { path: '/live', ...pollOptions(gateway) })

for (const [name, serve] of [
  ['Fastify', onFastify],
  ['Hono', onHono],
] as const) {
  connContract(`server-sent events, ${name}`, async (gateway) => {
    const app = await serve(mounted(gateway))
    return sseStand(app.url, () => app.close())
  })

  connContract(`long polls, ${name}`, async (gateway) => {
    const app = await serve(mounted(gateway))
    return pollStand(app.url, () => app.close())
  })
}
