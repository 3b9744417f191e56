// A gateway on one adapter, in a process of its own: says on request what its heap and its buffers hold.
import { Gateway, native } from '@fanfare/core'

const SERVE = {
  ws: async (gateway) => (await (await import('@fanfare/ws')).serve(gateway, { port: 0 })).port,
  bun: async (gateway) => (await (await import('@fanfare/bun')).serve(gateway, { port: 0 })).port,
  http: async (gateway) => (await (await import('@fanfare/http/node')).serve(gateway, { port: 0 })).port,
  'plain http on bun': async (gateway) => {
    const { httpAdapter } = await import('@fanfare/http')
    return (await (await import('@fanfare/bun')).serve(gateway, { port: 0, fetch: httpAdapter(gateway) }))
      .port
  },
  'plain http in fastify': async (gateway) => {
    const listener = (await import('@fanfare/http/node')).nodeListener(
      (await import('@fanfare/http')).httpAdapter(gateway),
    )
    const app = (await import('fastify')).default()
    app.addHook('onRequest', (request, reply) => {
      reply.hijack()
      listener(request.raw, reply.raw)
    })
    app.all('/*', () => '')
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server.address().port
  },
  fastify: async (gateway) => {
    const app = (await import('fastify')).default()
    await app.register((await import('@fanfare/fastify')).fanfare, { gateway })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server.address().port
  },
}

const gateway = new Gateway({ protocols: { '/': native() }, maxConnections: 10_000 })
const port = await SERVE[process.argv[2]](gateway)
const collect = () => (globalThis.Bun ? globalThis.Bun.gc(true) : globalThis.gc())

process.on('message', () => {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ held: heapUsed + external, clients: gateway.hub.count() })
})
process.send({ port })
