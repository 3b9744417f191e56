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
  const server = createServer((request, response) => {
    answer(request).then(
      (status) =>
        response
          .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
          .end(status === 200 ? html : ''),
      () => response.destroy(),
    )
  })
  /** @param {import('node:http').IncomingMessage} request */
  async function answer(request) {
    const status = request.method === 'POST' ? post(request, await text(request)) : undefined
    return status ?? (request.url?.split('?')[0] === '/' ? 200 : 404)
  }
  const attached = attach(gateway, server, { path: '/ws' })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
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
