import { TEXT } from './frames.mjs'

/**
 * A client's text frame, masked as browsers mask: with a mask of zeros a server would have less to do.
 *
 * @param {string} text - at most 65,535 bytes
 * @param {number} mask - four bytes
 */
export function maskedText(text, mask) {
  const data = Buffer.from(text)
  if (data.length > 65_535) throw new RangeError('a frame of the benchmark is at most 65,535 bytes long')
  const head = data.length < 126 ? [0x80 | data.length] : [0x80 | 126, data.length >> 8, data.length & 255]
  const key = Buffer.alloc(4)
  key.writeUInt32BE(mask)
  for (const [at, byte] of data.entries()) data[at] = byte ^ key.readUInt8(at & 3)
  return Buffer.concat([Buffer.from([0x80 | TEXT, ...head]), key, data])
}
