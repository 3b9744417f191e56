import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Refusal } from '@fanfare/core'

/** What is answered to an upgrade request that leads to nothing. */
export type HttpRefusal = Pick<Refusal, 'status' | 'headers' | 'message'>

/** Answers an upgrade request with an HTTP status, and closes. */
export function refuse(socket: Duplex, { status, headers, message }: HttpRefusal): void {
  const body = `${message}\n`
  const lines = Object.entries({
    connection: 'close',
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  if (!socket.writable) {
    socket.destroy()
    return
  }
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}
