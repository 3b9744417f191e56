import type { IncomingMessage } from 'node:http'

import type { Handshake } from '@fanfare/core'
import { subprotocolsOf } from '@fanfare/core/adapter'

import { SharedTexts } from './shared-texts.ts'

/** What the gateway wants to know of an upgrade request. `path` is what lies below the mount. */
export function handshakeOf(request: IncomingMessage, path: string): Handshake {
  const handshake = new WsHandshake(request, path)
  const { query, header, remoteAddress, subprotocols, transport } = handshake
  return { path, query, header, remoteAddress, subprotocols, transport }
}

/** The one header that no two connections have the same. */
const KEY = 'sec-websocket-key'

/**
 * The same in one object, which lives as long as its connection: of the request it keeps a text with the headers and what
 * follows the path. Connections whose headers are the same but for the key share the text, if it has nothing personal.
 */
export class WsHandshake implements Handshake {
  readonly path: string
  readonly remoteAddress: string | undefined
  readonly subprotocols: readonly string[]
  readonly #search: string
  readonly #key: string | undefined
  /** Lines of `name:value`, without the key; no value has a line end. Begins and ends with a line end. */
  readonly #headers: string

  constructor({ url = '', headers, socket }: IncomingMessage, path: string, texts = new SharedTexts()) {
    const at = url.indexOf('?')
    this.path = path
    this.remoteAddress = socket.remoteAddress
    this.subprotocols = subprotocolsOf(headers['sec-websocket-protocol'])
    this.#search = at < 0 ? '' : url.slice(at + 1)
    this.#key = headers[KEY]
    const lines = linesOf(headers)
    this.#headers = personal(headers) ? lines : texts.share(lines)
  }

  get transport(): 'websocket' {
    return 'websocket'
  }

  // A lookup may be taken out of its handshake: it is made when it is.
  get query(): Handshake['query'] {
    return (name) => new URLSearchParams(this.#search).get(name) ?? undefined
  }

  get header(): Handshake['header'] {
    return (name) => (name === KEY ? this.#key : valueOf(name, this.#headers))
  }
}

/** Nobody else has the same, and it shall not be remembered when the client is gone. */
function personal({ cookie, authorization }: IncomingMessage['headers']): boolean {
  return cookie !== undefined || authorization !== undefined
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
