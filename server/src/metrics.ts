import { createServer } from 'node:http'

import type { Gateway } from '@fanfare/core'

import { send, text } from './answer.ts'

/** What Prometheus calls its text format. */
const HEADERS = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }
const NOT_FOUND = text(404, 'not found')

/**
 * Serves the figures of a gateway at `/metrics`, on a port of its own and to this machine alone: they are nobody's business
 * outside.
 *
 * @param port - 0: nothing is served
 * @returns how to end it
 */
export async function serveMetrics(
  gateway: Gateway,
  port: number,
): Promise<(() => Promise<void>) | undefined> {
  if (port === 0) return undefined
  const server = createServer((request, response) => {
    const known = request.url === '/metrics' && request.method === 'GET'
    send(request, response, known ? { status: 200, headers: HEADERS, body: gateway.metrics() } : NOT_FOUND)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}
