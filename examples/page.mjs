import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

import { attach } from '@fanfare/ws'

/**
 * Serves a page, and the gateway below /ws on the same port.
 *
 * @param {import('@fanfare/core').Gateway<any, any>} gateway
 * @param {URL} page - the HTML file
 * @param {number} port - 0 picks a free one
 * @param {(request: import('node:http').IncomingMessage, body: string) => number | undefined} [post] - answers a POST
 *   with a status
 */
export async function servePage(gateway, page, port, post = () => undefined) {
  const html = readFileSync(page)
  const server = createServer(async (request, response) => {
    const body = request.method === 'POST' ? await text(request) : ''
    const status = request.method === 'POST' ? post(request, body) : undefined
    if (status) return response.writeHead(status).end()
    if (request.url?.split('?')[0] !== '/') return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
  })
  const attached = attach(gateway, server, { path: '/ws' })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
  const { port: bound } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${bound}`,
    close: async () => {
      server.close()
      await attached.close()
      server.closeAllConnections()
      await gateway.hub.close()
    },
  }
}

/** @param {import('node:http').IncomingMessage} request */
async function text(request) {
  let body = ''
  for await (const chunk of request) if (body.length < 10_000) body += chunk
  return body
}
