// Fanfare on ws, protocol native, one middleware, no validator, no rate limits; the rest by default. With the argument
// `uncounted`, without budgets.
import { Gateway, native } from '@fanfare/core'
import { serve } from '@fanfare/ws'
import { METHODS } from '../inbound/message.mjs'
import { serveReceiver } from './receiver.mjs'

if (process.argv.includes('uncounted')) await import('./uncounted.mjs')

const NO_LIMIT = { rate: 0, burst: 1 }

serveReceiver(async (handle) => {
  const gateway = new Gateway({
    protocols: { '/': native() },
    rateLimit: { messages: NO_LIMIT, subscribes: NO_LIMIT },
    maxConnections: 1_000_000,
  })
  gateway.use((_context, next) => next())
  for (const method of METHODS) {
    gateway.on(method, (_client, { data }) => handle(/** @type {{ number: number }} */ (data).number))
  }
  return (await serve(gateway, { port: 0, host: '127.0.0.1' })).port
})
