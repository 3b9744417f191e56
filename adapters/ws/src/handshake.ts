import type { IncomingMessage } from 'node:http'

import type { Handshake } from '@fanfare/core'
import { subprotocolsOf } from '@fanfare/core/adapter'

import type { SharedTexts } from './shared-texts.ts'

/** What the gateway wants to know of an upgrade request. `path` is what lies below the mount. */
export function handshakeOf(request: IncomingMessage, path: string): Handshake {
  const handshake = new WsHandshake(request, path)
  const { query, header, remoteAddress, subprotocols, transport } = handshake
  return { path, query, header, remoteAddress, subprotocols, transport }
}

/** No two connections have the same, and once it is answered it means nothing: it is not kept. */
const KEY = 'sec-websocket-key'

/** Headers that many clients have the same, and in which nothing is said of who somebody is. */
const IMPERSONAL =
  /^(?:host|connection|upgrade|user-agent|origin|pragma|cache-control|accept(?:-\w+)?|sec-websocket-(?:key|version|extensions)|sec-fetch-\w+|dnt)$/

/**
 * The same in one object, which lives as long as its connection: of the request it keeps a text with the headers, all but
 * `sec-websocket-key`, and what follows the path. Connections whose headers are the same share the text, if nothing in it can
 * be personal.
 */
export class WsHandshake implements Handshake {
  readonly path: string
  readonly remoteAddress: string | undefined
  readonly subprotocols: readonly string[]
  readonly #search: string
  /** Lines of `name:value`; no value has a line end. Begins and ends with a line end. */
  readonly #headers: string

  constructor({ url = '', headers, socket }: IncomingMessage, path: string, texts?: SharedTexts) {
    const at = url.indexOf('?')
    this.path = path
    this.remoteAddress = socket.remoteAddress
    this.subprotocols = subprotocolsOf(headers['sec-websocket-protocol'])
    this.#search = at < 0 ? '' : url.slice(at + 1)
    const lines = linesOf(headers)
    this.#headers = !texts || isPersonal(headers) ? lines : texts.share(lines)
  }

  get transport(): 'websocket' {
    return 'websocket'
  }

  // A lookup may be taken out of its handshake: it is made when it is.
  get query(): Handshake['query'] {
    return (name) => new URLSearchParams(this.#search).get(name) ?? undefined
  }

  get header(): Handshake['header'] {
    return (name) => valueOf(name, this.#headers)
  }
}

/** Then it shall not be remembered when the client is gone. */
function isPersonal(headers: IncomingMessage['headers']): boolean {
  return Object.keys(headers).some((name) => !IMPERSONAL.test(name))
}

function valueOf(name: string, lines: string): string | undefined {
  const at = name.includes(':') ? -1 : lines.indexOf(`\n${name}:`)
  if (at < 0) return undefined
  const begin = at + name.length + 2
  return lines.slice(begin, lines.indexOf('\n', begin))
}

function linesOf(headers: IncomingMessage['headers']): string {
  const lines = ['']
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value !== undefined && name !== KEY)
      lines.push(`${name}:${Array.isArray(value) ? (value[0] ?? '') : value}`)
  }
  lines.push('')
  return lines.join('\n')
}
