import { createHash } from 'node:crypto'

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The answer to a WebSocket handshake. @param {string} request @returns {string | undefined} `undefined` while it is not complete */
export function upgradeAnswer(request) {
  const key = /\r\nsec-websocket-key: *([^\r\n]+)/i.exec(request)?.[1]
  if (key === undefined || !request.endsWith('\r\n\r\n')) return undefined
  const accept = createHash('sha1')
    .update(key.trim() + WEBSOCKET_GUID)
    .digest('base64')
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`
  )
}
