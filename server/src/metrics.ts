import { createServer } from 'node:http'

import { send, text } from './answer.ts'
import { listen } from './listen.ts'

/** Where the figures are served: on this machine alone. */
export const METRICS_HOST = '127.0.0.1'

/** What Prometheus calls its text format. */
const HEADERS = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }
const NOT_FOUND = text(404, 'not found')

/**
 * Serves figures at `/metrics`, on a port of its own and to this machine alone: they are nobody's business outside.
 *
 * @param figures - asked at each request
 * @param port - 0: nothing is served
 * @param failed - told what goes wrong later
 * @returns how to end it
 */
export async function serveMetrics(
  figures: () => string,
  port: number,
  failed: (error: unknown) => void,
): Promise<(() => Promise<void>) | undefined> {
  if (port === 0) return undefined
  const server = createServer((request, response) => {
    const known = request.url === '/metrics' && request.method === 'GET'
    send(request, response, known ? { status: 200, headers: HEADERS, body: figures() } : NOT_FOUND)
  })
  await listen(server, { host: METRICS_HOST, port }, failed)
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}
