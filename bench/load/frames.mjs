// As much of RFC 6455 as the load needs: whole, short messages.

export const TEXT = 1
export const PING = 9
const PONG = 10

/** A server's text frame. @param {string} text */
export function textFrame(text) {
  const data = Buffer.from(text)
  if (data.length > 65_535) throw new RangeError('a frame of the benchmark is at most 65,535 bytes long')
  const head =
    data.length < 126 ? [0x80 | TEXT, data.length] : [0x80 | TEXT, 126, data.length >> 8, data.length & 255]
  return Buffer.concat([Buffer.from(head), data])
}

/** @param {string} text */
export const clientText = (text) => clientFrame(TEXT, Buffer.from(text))
/** @param {Buffer} data */
export const clientPong = (data) => clientFrame(PONG, data)

/** A client has to mask; with a mask of zeros the data stays as it is. @param {number} opcode @param {Buffer} data */
function clientFrame(opcode, data) {
  if (data.length > 125) throw new RangeError('the load sends short frames only')
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | data.length, 0, 0, 0, 0]), data])
}

/**
 * The first frame that a server sent, and its size on the wire; `undefined` while it is not complete.
 *
 * @param {Buffer} bytes
 */
export function readFrame(bytes) {
  if (bytes.length < 2) return undefined
  const short = bytes.readUInt8(1)
  if (short > 126) throw new Error('the server sent a masked frame, or one of more than 65,535 bytes')
  if (short === 126 && bytes.length < 4) return undefined
  const start = short === 126 ? 4 : 2
  const end = start + (short === 126 ? bytes.readUInt16BE(2) : short)
  if (bytes.length < end) return undefined
  return { opcode: bytes.readUInt8(0) & 15, data: bytes.subarray(start, end), size: end }
}
