import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

/**
 * A WebSocket connection on which only sending is of interest: what comes is thrown away.
 *
 * @param {number} port - of 127.0.0.1
 * @param {(error: Error) => void} fail - called when the connection breaks
 * @returns {Promise<import('node:net').Socket>} resolves when it is upgraded
 */
export function upgraded(port, fail) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed a connection')))
  socket.write(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  return new Promise((resolve) => {
    let head = ''
    const read = (/** @type {Buffer} */ bytes) => {
      head += bytes.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      if (!head.startsWith('HTTP/1.1 101')) fail(new Error(`no upgrade: ${head.split('\r\n')[0]}`))
      socket.off('data', read)
      socket.resume()
      resolve(socket)
    }
    socket.on('data', read)
  })
}
